//go:build !race

package routing

// usualStates is how many random states a run of TestInvariants visits at least.
const usualStates = 200_000
