package feed

// Decode is for tests that look into the log.
var Decode = decode
