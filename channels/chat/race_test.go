//go:build race

package chat_test

// racing says that the race detector is at work, which needs memory of its own.
const racing = true
