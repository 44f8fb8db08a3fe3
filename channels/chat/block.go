package chat

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Block keeps a visitor from chatting and writing letters, on every node within seconds, until
// it expires or is lifted. What was said before stays where it is, and so does what their
// browser has not sent yet.
type Block struct {
	ID           int64
	By           BlockBy
	Who          string // half a token's hash, widget/name, or 203.0.113.0/24
	Reason       string
	Agent        gateway.AgentID        // who blocked them; zero: a program
	Conversation gateway.ConversationID // in which they did; zero: none
	Until        *time.Time             // nil: until it is lifted
	At           time.Time
}

// BlockBy is what a blocked visitor is known by.
type BlockBy string

// What visitors can be blocked by.
const (
	ByBrowser  BlockBy = "browser"  // their token: this browser, until its storage is emptied
	ByIdentity BlockBy = "identity" // who the website has signed that they are
	ByNetwork  BlockBy = "network"  // where they come from
)

const (
	blocksEvery = 5   // seconds until every node knows of a change
	maxReason   = 500 // characters
	widest4     = 16  // bits that a blocked network names at least: more would be whole providers
	widest6     = 32
	narrowest6  = 64 // what one household is given, and all that is known of a visitor: see network
)

const blockColumns = `id, by, who, reason, agent_id as agent, conversation_id as conversation, until, created_at as at`

// Blocks lists those that have not expired, the latest first: those before an id, 0 for all.
func (s *Store) Blocks(ctx context.Context, before int64, limit int) ([]Block, error) {
	rows, _ := s.pool.Query(ctx, `
		select `+blockColumns+`
		from blocked_visitor
		where (until is null or until > now()) and ($1::bigint = 0 or id < $1)
		order by id desc
		limit $2`, before, limit) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Block])
	if err != nil {
		return nil, fmt.Errorf("list blocked visitors: %w", err)
	}
	return list, nil
}

// Block blocks whom it names, or the visitor of its conversation. Blocked again, the reason is
// the new one, and the end the later one; only who may also lift it, may have it end sooner.
// Those that have expired are forgotten on the way.
func (s *Store) Block(ctx context.Context, tx pgx.Tx, b Block, mayLift bool) (kept Block, err error) {
	if b.Reason = clip(b.Reason, maxReason); b.Reason == "" {
		return b, gateway.Invalid("no_reason", "say why: whoever lifts the block wants to know")
	}
	if b.Who == "" {
		b.Who, err = whoIn(ctx, tx, b.Conversation, b.By)
	}
	if err == nil && b.By == ByNetwork {
		b.Who, err = blockable(b.Who)
	}
	if err != nil {
		return b, err
	}
	if _, err := tx.Exec(ctx, `delete from blocked_visitor where until <= now()`); err != nil {
		return b, fmt.Errorf("forget blocks that have expired: %w", err)
	}
	rows, _ := tx.Query(ctx, `
		insert into blocked_visitor as held (by, who, reason, agent_id, conversation_id, until)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (by, who) do update
		set reason = excluded.reason, agent_id = excluded.agent_id, conversation_id = excluded.conversation_id,
		    until = case when $7 or excluded.until > held.until then excluded.until
		                 when excluded.until is not null then held.until end
		returning `+blockColumns, b.By, b.Who, b.Reason, b.Agent, b.Conversation, b.Until, mayLift) // the error comes with the rows
	if kept, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Block]); err != nil {
		return kept, fmt.Errorf("block a visitor: %w", err)
	}
	return kept, nil
}

// Unblock lets them chat again.
func (s *Store) Unblock(ctx context.Context, tx pgx.Tx, id int64) error {
	tag, err := tx.Exec(ctx, `delete from blocked_visitor where id = $1`, id)
	if err != nil {
		return fmt.Errorf("unblock visitor %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return gateway.NotFound("not_blocked", "there is no such block; it has expired, or somebody has lifted it")
	}
	return nil
}

// whoIn is what the visitor of a conversation is known by.
func whoIn(ctx context.Context, tx pgx.Tx, c gateway.ConversationID, by BlockBy) (string, error) {
	rows, _ := tx.Query(ctx, `
		select encode(substring(token_hash for 16), 'hex') as browser,
		       case when identity <> '' then w.key || '/' || identity else '' end as identity, source as network
		from visitor v
		join widget w on w.id = v.widget_id
		where conversation_id = $1 and erased_at is null
		order by v.id desc
		limit 1`, c) // its error is met again below
	known, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[struct{ Browser, Identity, Network string }])
	if err != nil {
		return "", notKnown(by, err)
	}
	who := map[BlockBy]string{ByBrowser: known.Browser, ByIdentity: known.Identity, ByNetwork: known.Network}[by]
	if who == "" {
		return "", notKnown(by, pgx.ErrNoRows)
	}
	return who, nil
}

func notKnown(by BlockBy, err error) error {
	if err != pgx.ErrNoRows { //nolint:errorlint // as pgx.CollectExactlyOneRow gives it
		return fmt.Errorf("find whom to block: %w", err)
	}
	return gateway.Invalid("not_known", fmt.Sprintf("this conversation has no visitor who is known by their %s", by))
}

// blockable is a network that may be blocked, as it is kept: of a single IPv6 address the
// household's, as its next address is another.
func blockable(network string) (string, error) {
	network = strings.TrimSpace(network)
	if ip, err := netip.ParseAddr(network); err == nil {
		network = netip.PrefixFrom(ip, ip.BitLen()).String()
	}
	p, err := netip.ParsePrefix(network)
	if err != nil || p.Addr().Is4In6() {
		return "", gateway.Invalid("bad_network", "write an address like 203.0.113.7, or a range like 203.0.113.0/24")
	}
	if least := map[bool]int{true: widest4, false: widest6}[p.Addr().Is4()]; p.Bits() < least {
		return "", gateway.Invalid("bad_network", fmt.Sprintf("that is too many people: a range has /%d or more", least))
	}
	if p.Addr().Is6() && p.Bits() > narrowest6 {
		p = netip.PrefixFrom(p.Addr(), narrowest6)
	}
	return p.Masked().String(), nil
}

// barred are the blocks as a node goes by them.
type barred struct {
	who      map[BlockBy]map[string]bool
	networks []netip.Prefix
	read     time.Time
}

// blocks are all of now, within seconds.
func (s *Server) blocks(ctx context.Context, now time.Time) (*barred, error) {
	if b := s.barred.Load(); b != nil && now.Sub(b.read) < 2*blocksEvery*time.Second {
		return b, nil
	}
	rows, _ := s.pool.Query(ctx, `
		select by, who
		from blocked_visitor
		where until is null or until > now()`) // the error comes with the rows
	b := &barred{who: map[BlockBy]map[string]bool{ByBrowser: {}, ByIdentity: {}}, read: now}
	var by BlockBy
	var who string
	if _, err := pgx.ForEachRow(rows, []any{&by, &who}, func() error { b.add(by, who); return nil }); err != nil {
		return nil, fmt.Errorf("read who is blocked: %w", err)
	}
	s.barred.Store(b)
	return b, nil
}

func (b *barred) add(by BlockBy, who string) {
	if by != ByNetwork {
		b.who[by][who] = true
	} else if p, err := netip.ParsePrefix(who); err == nil {
		b.networks = append(b.networks, p)
	}
}

// holds says whether a visitor is one of them.
func (b *barred) holds(w *Widget, h tokenHash, who visitor, source netip.Prefix) bool {
	return b.who[ByBrowser][h.name()] || who.Identity != "" && b.who[ByIdentity][w.Key+"/"+who.Identity] ||
		source.IsValid() && slices.ContainsFunc(b.networks, func(p netip.Prefix) bool { return p.Contains(source.Addr()) })
}

// sweepBlocked cuts off those who are connected here and blocked since.
func (s *Server) sweepBlocked(ctx context.Context, now time.Time) {
	if now.Unix()%blocksEvery != 0 {
		return
	}
	s.barred.Store(nil)
	if s.Visitors() == 0 {
		return // who comes has it read
	}
	b, err := s.blocks(ctx, now)
	if err != nil {
		s.Log.Warn("who is blocked is not known now", "err", err)
		return
	}
	if len(b.who[ByBrowser])+len(b.who[ByIdentity])+len(b.networks) == 0 {
		return
	}
	for _, v := range s.all() {
		v.mu.Lock()
		who := v.visitor
		v.mu.Unlock()
		if b.holds(v.widget, v.token, who, v.source) {
			v.bar()
		}
	}
}

// bar tells a visitor that they are blocked, and closes.
func (v *session) bar() {
	v.refuse("", errBlocked)
	v.out.close(closeBlocked, "blocked")
}

var errBlocked = gateway.Forbidden("blocked", "You cannot chat here just now.")
