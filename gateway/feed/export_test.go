package feed

// Decode is for tests that look into the log.
var Decode = decode

// Encode is how events lie in the log.
var Encode = encode
