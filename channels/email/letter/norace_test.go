//go:build !race

package letter_test

// racing says that the race detector is at work, which makes all slower.
const racing = false
