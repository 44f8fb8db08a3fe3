package voice

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/gateway"
)

// Route allows agents to call the numbers that begin with a prefix. Without routes
// nobody is called.
type Route struct {
	Prefix  string         `json:"prefix"`  // digits, + first if it is E.164; the longest that fits decides
	Through netip.AddrPort `json:"through"` // the trunk that takes it; not valid denies the prefix
	Strip   int            `json:"strip"`   // characters taken off in front
	Add     string         `json:"add"`     // characters put there instead
	From    string         `json:"from"`    // the number shown to the called
}

// checkPlan refuses a plan that could never be obeyed, at the start and not at the first call.
func checkPlan(plan []Route) error {
	for _, r := range plan {
		if r.Prefix == "" || r.Prefix != Number(r.Prefix) || r.Strip < 0 || r.Strip > len(r.Prefix) || r.Add != Number(r.Add) {
			return fmt.Errorf("dial plan, prefix %q: digits only, and no more stripped than it has: %w", r.Prefix, errConfig)
		}
	}
	return nil
}

// Number is a telephone number as it is kept: digits, * and #, and + only in front.
// What people write between them is left out; anything else makes it empty.
func Number(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '*', r == '#', r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -./()\u00a0", r):
		default:
			return ""
		}
	}
	if b.Len() > 32 {
		return ""
	}
	return b.String()
}

// Allowed says how a number is called, or refuses it.
func (v *Voice) Allowed(number string) (Route, string, error) {
	n := Number(number)
	var best Route
	for _, r := range v.cfg.DialPlan {
		if strings.HasPrefix(n, r.Prefix) && len(r.Prefix) > len(best.Prefix) {
			best = r
		}
	}
	if n == "" || !best.Through.IsValid() {
		return Route{}, "", gateway.Forbidden("not_in_dial_plan", "the dial plan does not allow this number; an administrator can add its prefix")
	}
	return best, best.Add + n[best.Strip:], nil
}

// invitation is how a telephone is called: at its SIP address, showing who calls, or as a
// number, through the dial plan and showing ours. trunk says that it is the latter. A SIP
// address at a trunk is a number, whoever has written it: the user part. Where a name leads
// is asked once, and the call goes there, whatever the name means a moment later. That may
// take seconds: whoever is in a call's turn asks by find.
func (v *Voice) invitation(ctx context.Context, phone, from, name string) (inv dialog.Invitation, trunk bool, err error) {
	if strings.Contains(phone, ":") {
		user, at, err := v.find(ctx, phone)
		switch {
		case err != nil:
			return inv, false, err
		case v.isOwn(at):
			return inv, false, gateway.Forbidden("own_address", "this SIP address is where Växel itself takes calls; write the telephone's own")
		case !v.isTrunk(at):
			return dialog.Invitation{To: phone, From: from, Name: name, Through: at}, false, nil
		}
		phone = user
	}
	route, number, err := v.Allowed(phone)
	if err != nil {
		return inv, false, err
	}
	return route.invitation(number), true, nil
}

func (r Route) invitation(number string) dialog.Invitation {
	return dialog.Invitation{To: fmt.Sprintf("sip:%s@%s", number, r.Through), From: r.From, Through: r.Through}
}
