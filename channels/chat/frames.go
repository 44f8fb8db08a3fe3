package chat

import "reflect"

// Frames says which frames a visitor's socket carries in and out: by t the fields that count,
// with a ? after those that may be left out. docs/frames.json is made of it (go test ./e2e
// -run Drift -update-openapi), and what tests hear is held to that.
func Frames() (in, out reflect.Type, says, hears map[string]string) {
	return reflect.TypeFor[frameIn](), reflect.TypeFor[frameOut](), framesIn, framesOut
}

var framesIn = map[string]string{
	"hello":      "key token? lang? pos? conversation? jwt? user? hash?",
	"form":       "cid text name? email? topic? fields?",
	"msg":        "cid text",
	"letter":     "cid text email name? topic?",
	"callback":   "cid phone due? text? name? topic?",
	"rate":       "cid score text?",
	"transcript": "cid email",
	"typing":     "on text?",
	"seen":       "pos",
	"page":       "url title? referrer? facts?",
	"vote":       "cid? id useful lang?",
	"person":     "cid?",
	"end":        "",
	"pong":       "pos?",
}

var framesOut = map[string]string{
	"welcome":  "token phase now site prev? conversation? known?",
	"snap":     "conversation? pos? phase lines? prev? done?",
	"msg":      "pos line phase prev?",
	"ack":      "cid pos at prev? done?",
	"left":     "cid",
	"call_off": "cid",
	"queue":    "phase position? wait? callback?",
	"typing":   "name? on?",
	"seen":     "pos",
	"error":    "cid? code detail",
	"ping":     "prev?",
	"drain":    "retry_after",
}
