package roster

import (
	"context"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// PhoneKind is how a phone is reached.
type PhoneKind string

// The kinds of phone.
const (
	PhoneSIP  PhoneKind = "sip"  // a SIP URI: a desk phone or a softphone
	PhonePSTN PhoneKind = "pstn" // a number in the telephone network, E.164
)

// Phone is one way to ring an agent. They are tried in order.
type Phone struct {
	ID         int64      `json:"id,string"`
	Kind       PhoneKind  `json:"kind"`
	Address    string     `json:"address"`               // "sip:anna@pbx.example" or "+46701740605"
	VerifiedAt *time.Time `json:"verified_at,omitempty"` // somebody has vouched that it is the agent's
}

// Usable says whether queue calls may ring it. A number in the telephone network must
// be verified first, because a wrong one costs money and rings a stranger; a SIP phone
// that does not answer costs nothing.
func (p Phone) Usable() bool { return p.Kind == PhoneSIP || p.VerifiedAt != nil }

// CheckPhone checks the address and gives it in the form in which it is kept: numbers
// as E.164 without separators, SIP URIs with their scheme.
func CheckPhone(kind PhoneKind, address string) (string, error) {
	address = strings.TrimSpace(address)
	switch kind {
	case PhoneSIP:
		return checkSIP(address)
	case PhonePSTN:
		return checkNumber(address)
	}
	return "", gateway.Invalid("bad_phone_kind", `a phone is of kind "sip" or "pstn"`)
}

var separators = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "", "\u00a0", "")

// checkNumber wants E.164: + and at most 15 digits, the first not 0 (ITU-T E.164 §6).
func checkNumber(s string) (string, error) {
	n := separators.Replace(s)
	if rest, ok := strings.CutPrefix(n, "00"); ok {
		n = "+" + rest
	}
	digits, ok := strings.CutPrefix(n, "+")
	switch {
	case !ok:
		return "", gateway.Invalid("bad_phone_number", "write the number with its country code, like +46 70 174 06 05")
	case strings.Trim(digits, "0123456789") != "":
		return "", gateway.Invalid("bad_phone_number", "a phone number holds digits only, like +46 70 174 06 05")
	case len(digits) < 7 || len(digits) > 15 || digits[0] == '0':
		return "", gateway.Invalid("bad_phone_number", "after the + come 7 to 15 digits that begin with a country code, like +46 70 174 06 05")
	}
	return n, nil
}

// RFC 3261 §25.1: user = 1*( unreserved / escaped / user-unreserved ).
var sipUser = regexp.MustCompile(`^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+$`)

var hostname = regexp.MustCompile(`^(?i:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.(?i:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))*\.?$`)

// RFC 3261 §25.1: parameters are tokens, with or without a token as value.
var sipParameters = regexp.MustCompile(`^(?:[A-Za-z0-9\-.!%*_+~` + "`" + `']+(?:=[A-Za-z0-9\-.!%*_+~` + "`" + `'\[\]:/&$]+)?)(?:;[A-Za-z0-9\-.!%*_+~` + "`" + `']+(?:=[A-Za-z0-9\-.!%*_+~` + "`" + `'\[\]:/&$]+)?)*$`)

// checkSIP wants sip:user@host[:port][;parameters] (RFC 3261 §19.1.1).
func checkSIP(s string) (string, error) {
	bad := func(why string) (string, error) {
		return "", gateway.Invalid("bad_sip_uri", why+"; write it like sip:anna@pbx.example or sip:201@192.0.2.10:5070")
	}
	scheme, rest, ok := strings.Cut(s, ":")
	switch scheme = strings.ToLower(scheme); {
	case ok && (scheme == "sip" || scheme == "sips"):
	case strings.Contains(s, "@") && !strings.Contains(s, "sip:"):
		scheme, rest = "sip", s // people leave the scheme out
	default:
		return bad("a SIP address begins with sip: or sips:")
	}
	user, where, ok := strings.Cut(rest, "@")
	if !ok || user == "" {
		return bad("a SIP address has a user and a host with @ between them")
	}
	if !sipUser.MatchString(user) {
		return bad("the user part of the SIP address holds a character that must be written as %XX")
	}
	where, parameters, some := strings.Cut(where, ";")
	if !hostport(where) {
		return bad("after the @ comes a host name or an IP address, and a port from 1 to 65535 if any")
	}
	if some && !sipParameters.MatchString(parameters) {
		return bad("parameters look like ;transport=tcp")
	}
	return scheme + ":" + rest, nil
}

func hostport(s string) bool {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host = s[:i]
		if n, err := strconv.ParseUint(s[i+1:], 10, 16); err != nil || n == 0 {
			return false
		}
	}
	if v6, ok := strings.CutPrefix(host, "["); ok {
		a, err := netip.ParseAddr(strings.TrimSuffix(v6, "]"))
		return err == nil && a.Is6() && strings.HasSuffix(host, "]")
	}
	return len(host) <= 253 && hostname.MatchString(host)
}

const phoneColumns = "id, kind, address, verified_at"

// Phones gives an agent's phones in the order in which they are rung.
func (s *Store) Phones(ctx context.Context, agent gateway.AgentID) ([]Phone, error) {
	return list[Phone](ctx, s.db, "select "+phoneColumns+" from phone where agent = $1 order by position, id", agent)
}

// PhoneVerified notes that the phone is the agent's own, as somebody vouches.
func (s *Store) PhoneVerified(ctx context.Context, agent gateway.AgentID, phone int64, at time.Time) error {
	return s.edit(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "update phone set verified_at = $3 where agent = $1 and id = $2", agent, phone, at)
		if err == nil && tag.RowsAffected() == 0 {
			return gateway.NotFound("phone_not_found", "the agent has no such phone any more")
		}
		return err
	})
}

// setPhones replaces an agent's phones; those that stay keep their verification.
func setPhones(ctx context.Context, tx pgx.Tx, agent gateway.AgentID, phones []Phone) error {
	var kinds, addresses []string
	for _, p := range phones {
		address, err := CheckPhone(p.Kind, p.Address)
		if err != nil {
			return err
		}
		kinds, addresses = append(kinds, string(p.Kind)), append(addresses, address)
	}
	if _, err := tx.Exec(ctx, `
		delete from phone
		where agent = $1 and (kind, address) not in (select * from unnest($2::text[], $3::text[]))`,
		agent, kinds, addresses); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into phone (agent, kind, address, position)
		select $1, kind, address, min(position)
		from unnest($2::text[], $3::text[]) with ordinality as p (kind, address, position)
		group by kind, address
		on conflict (agent, kind, address) do update set position = excluded.position`,
		agent, kinds, addresses)
	return err
}
