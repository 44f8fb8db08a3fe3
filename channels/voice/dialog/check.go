package dialog

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// allow is what we understand, in the Allow header of OPTIONS and refusals.
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"

var (
	handled = []sip.RequestMethod{sip.INVITE, sip.ACK, sip.CANCEL, sip.BYE, sip.OPTIONS, sip.INFO, sip.UPDATE}
	known   = []sip.RequestMethod{sip.REGISTER, sip.SUBSCRIBE, sip.NOTIFY, sip.REFER, sip.MESSAGE, sip.PRACK, sip.PUBLISH}
)

// refusal is a final answer to a request that goes no further.
type refusal struct {
	status  int
	headers []sip.Header
}

// check judges a request that was parsed; nil means that it may be handled. The order
// is RFC 3261 §8.2.
func check(req *sip.Request) *refusal {
	if req.SipVersion != "SIP/2.0" {
		return &refusal{status: sip.StatusVersionNotSupported}
	}
	if !whole(req) {
		return &refusal{status: sip.StatusBadRequest}
	}
	if req.IsAck() || req.IsCancel() {
		return nil
	}
	if !slices.Contains(handled, req.Method) {
		status := sip.StatusNotImplemented
		if slices.Contains(known, req.Method) {
			status = sip.StatusMethodNotAllowed
		}
		return &refusal{status, []sip.Header{sip.NewHeader("Allow", allow)}}
	}
	if s := req.Recipient.Scheme; s != "sip" && s != "sips" && s != "tel" {
		return &refusal{status: 416}
	}
	if missing := required(req); missing != "" {
		return &refusal{sip.StatusBadExtension, []sip.Header{sip.NewHeader("Unsupported", missing)}}
	}
	if req.IsInvite() && len(req.Body()) > 0 && !isSDP(req) {
		return &refusal{sip.StatusUnsupportedMediaType, []sip.Header{sip.NewHeader("Accept", "application/sdp")}}
	}
	return nil
}

// whole says whether a request has the headers that every request has (RFC 3261
// §8.1.1), and that its body is all there.
func whole(req *sip.Request) bool {
	from, to, id, seq := req.From(), req.To(), req.CallID(), req.CSeq()
	if from == nil || to == nil || id == nil || seq == nil || *id == "" || seq.MethodName != req.Method || seq.SeqNo > 1<<31-1 {
		return false
	}
	if tag, ok := from.Params.Get("tag"); !ok || tag == "" {
		return false
	}
	if n := req.ContentLength(); n != nil && int(*n) > len(req.Body()) {
		return false
	}
	return len(req.GetHeaders("CSeq")) == 1 && len(req.GetHeaders("From")) == 1 && len(req.GetHeaders("To")) == 1
}

// required lists the extensions that the request insists on; we have none.
func required(req *sip.Request) string {
	var names []string
	for _, name := range []string{"Require", "Proxy-Require"} {
		for _, h := range req.GetHeaders(name) {
			if v := strings.TrimSpace(h.Value()); v != "" {
				names = append(names, v)
			}
		}
	}
	return strings.Join(names, ", ")
}

func isSDP(msg sip.Message) bool {
	for _, h := range msg.GetHeaders("Content-Type") {
		kind, _, _ := strings.Cut(h.Value(), ";")
		return strings.EqualFold(strings.TrimSpace(kind), "application/sdp")
	}
	return false
}

// reasons are the phrases of the statuses that we send.
var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 200: "OK",
	400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
	486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable", 505: "Version Not Supported",
}

// Line is text made fit for a header's value: one line, without control characters.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, s)
}
