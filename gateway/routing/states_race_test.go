//go:build race

package routing

// The race detector has nothing to find in one goroutine and takes ten times as long.
const usualStates = 10_000
