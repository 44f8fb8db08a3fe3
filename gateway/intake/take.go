package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// errTwice ends a batch that holds one key twice; one by one, the second is a repeat.
var errTwice = errors.New("the batch holds a key twice")

// errMeanwhile ends a transaction that has met a conversation which another one began or
// gave to another case after this one had looked. The next one finds it in time.
var errMeanwhile = errors.New("the conversation was begun or moved meanwhile")

// found is where an arrival belongs, if it is known. A mail may know its case without a
// conversation to go on with. The credit is the customer's, once they are recognised.
type found struct {
	conversation gateway.ConversationID
	known        gateway.CaseID
	credit       gateway.Seconds
}

// held are the conversations that the transaction may write to: those that it has locked
// and those that it began, which are true until they have their first entry.
type held map[gateway.ConversationID]bool

// numbers are of conversations and interactions to be: given out before, they let the rows
// be written together with what refers to them.
type numbers struct {
	conversations *[]gateway.ConversationID
	interactions  *[]gateway.InteractionID
}

// next takes one out.
func next[id any](list *[]id) id {
	n := (*list)[0]
	*list = (*list)[1:]
	return n
}

// take does everything that receiving is, in the caller's transaction: keys, then the
// rows of the known conversations and those of their cases, then cases and conversations
// that are new, then all entries at once, admissions and the feed. Everybody locks conversations, in the order of their ids, and then cases in the
// order of theirs: the floor and an agent's reply do too.
func (in *Intake) take(ctx context.Context, tx *lazy.Tx, items []Item) ([]gateway.Received, []gateway.Event, error) {
	fresh := numbers{in.in.Timeline.Numbers(tx, len(items)), in.in.Floor.Numbers(tx, len(items))}
	received, err := claim(ctx, tx, items)
	if err != nil {
		return nil, nil, err
	}
	if err := tx.Crash(ctx, "intake.begun"); err != nil {
		return nil, nil, err
	}
	places, ours, err := in.find(ctx, tx, items, received)
	if err != nil {
		return nil, nil, err
	}
	if err := in.placeAll(ctx, tx, items, places, ours, fresh, received); err != nil {
		return nil, nil, err
	}
	told, err := in.write(ctx, tx, items, places, ours, fresh, received)
	if err != nil {
		return nil, nil, err
	}
	if err := remember(ctx, tx, items, received); err != nil {
		return nil, nil, err
	}
	return received, told, in.in.Feed.Append(ctx, tx, told...)
}

// write appends the entries of what is new and admits what needs an agent. Quiet arrivals
// need none.
func (in *Intake) write(ctx context.Context, tx *lazy.Tx, items []Item, places []found, ours held, free numbers, received []gateway.Received) ([]gateway.Event, error) {
	fresh := unknown(received)
	entries := make([]*gateway.Entry, len(fresh))
	for n, i := range fresh {
		entries[n] = entry(items[i].Arrival, received[i])
	}
	if err := in.append(ctx, tx, ours, entries); err != nil {
		return nil, err
	}
	if err := tx.Crash(ctx, "intake.appended"); err != nil {
		return nil, err
	}
	told := make([]gateway.Event, 0, len(entries))
	var wanted []int
	var admissions []gateway.Admission
	for n, i := range fresh {
		received[i].Pos = entries[n].Pos
		if entries[n].Repeated {
			continue // said before, to an agent who was there then: nobody needs to be asked again
		}
		told = append(told, gateway.MessageCreated(*entries[n]))
		if a := items[i].Arrival; !a.Quiet {
			ad := admission(a, received[i], places[i].credit)
			ad.Interaction = next(free.interactions)
			wanted, admissions = append(wanted, i), append(admissions, ad)
		}
	}
	ids, err := in.in.Floor.AdmitAll(ctx, tx, admissions)
	if err != nil {
		return nil, fmt.Errorf("admit: %w", err)
	}
	for n, i := range wanted {
		received[i].Interaction = ids[n]
	}
	return told, nil
}

// append writes the entries: those that conversations begin with need nobody's place.
func (in *Intake) append(ctx context.Context, tx *lazy.Tx, ours held, entries []*gateway.Entry) error {
	var firsts, later []*gateway.Entry
	for _, e := range entries {
		if ours[e.Conversation] {
			firsts, ours[e.Conversation] = append(firsts, e), false
		} else {
			later = append(later, e)
		}
	}
	if err := in.in.Timeline.AppendFirst(ctx, tx, firsts...); err != nil {
		return err
	}
	return in.in.Timeline.Append(ctx, tx, later...)
}

// unknown are the arrivals that are not repeated.
func unknown(received []gateway.Received) (list []int) {
	for i := range received {
		if !received[i].Repeated {
			list = append(list, i)
		}
	}
	return list
}

// claim takes the keys. One that another transaction is just taking is waited for: PostgreSQL
// lets the second insert go on when the first has ended, and then it is a conflict or the
// key is free. One that was taken before gives what it became.
func claim(ctx context.Context, tx pgx.Tx, items []Item) ([]gateway.Received, error) {
	received := make([]gateway.Received, len(items))
	keys := make([]string, len(items))
	at := map[string]int{}
	for i := range items {
		key := gateway.Clean(items[i].Arrival.Key)
		if key == "" {
			return nil, gateway.Invalid("no_key", "an arrival needs a key that its channel gives it once")
		}
		if _, twice := at[key]; twice {
			return nil, errTwice
		}
		keys[i], at[key] = key, i
		received[i].Repeated = true
	}
	// In the order of the keys, so that two batches with the same ones can't block each other.
	rows, _ := tx.Query(ctx, `
		insert into arrival (key)
		select key from unnest($1::text[]) as w(key)
		on conflict do nothing
		returning key`, slices.Sorted(slices.Values(keys))) // the error comes with the rows
	var key string
	_, err := pgx.ForEachRow(rows, []any{&key}, func() error {
		received[at[key]].Repeated = false
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim keys: %w", err)
	}
	return received, recall(ctx, tx, keys, received)
}

// recall fills in what the repeated arrivals became.
func recall(ctx context.Context, tx pgx.Tx, keys []string, received []gateway.Received) error {
	for i := range received {
		r := &received[i]
		if !r.Repeated {
			continue
		}
		err := tx.QueryRow(ctx, `
			select conversation_id, case_id, customer_id, pos, coalesce(interaction_id, 0)
			from arrival
			where key = $1`, keys[i]).Scan(&r.Conversation, &r.Case, &r.Customer, &r.Pos, &r.Interaction)
		if err != nil {
			return fmt.Errorf("recall %s: %w", keys[i], err)
		}
	}
	return nil
}

// find looks for the conversations and cases of all new arrivals and locks them, the
// conversations first, each kind in one go.
func (in *Intake) find(ctx context.Context, tx *lazy.Tx, items []Item, received []gateway.Received) ([]found, held, error) {
	places, ours := make([]found, len(items)), held{}
	var conversations []gateway.ConversationID
	var cases []gateway.CaseID
	for i := range items {
		if received[i].Repeated {
			continue
		}
		p, err := in.look(ctx, tx, items[i].Arrival)
		if err != nil {
			return nil, nil, err
		}
		if places[i] = p; p.conversation != 0 {
			conversations, ours[p.conversation] = append(conversations, p.conversation), false
		}
		if p.known != 0 {
			cases = append(cases, p.known)
		}
	}
	if len(conversations) > 0 {
		if err := in.in.Timeline.Lock(ctx, tx, conversations...); err != nil {
			return nil, nil, err
		}
		unmoved(tx, conversations, places)
	}
	return places, ours, in.in.Cases.Lock(ctx, tx, cases...)
}

// unmoved asks, behind the lock, whether the conversations still are of the cases that they
// were found with: who waited for a split has met it.
func unmoved(tx *lazy.Tx, conversations []gateway.ConversationID, places []found) {
	of := make(map[gateway.ConversationID]gateway.CaseID, len(conversations))
	for _, p := range places {
		of[p.conversation] = p.known
	}
	tx.Ask(func(rows pgx.Rows) error {
		var p found
		_, err := pgx.ForEachRow(rows, []any{&p.conversation, &p.known}, func() error {
			if of[p.conversation] != p.known {
				return errMeanwhile
			}
			return nil
		})
		return err
	}, `
		select conversation, case_id
		from case_of_conversation
		where conversation = any($1)`, conversations)
}

// look finds where one arrival belongs. A mail whose case is known by its subject goes on
// with the case's mails; a chat or a call is a conversation of its own. It locks nothing:
// find does, for all of the batch at once and in order.
func (in *Intake) look(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (p found, err error) {
	var ok bool
	if p.conversation, p.known, ok, err = in.in.Timeline.Find(ctx, tx, a); ok || err != nil || a.Channel != gateway.Email {
		return p, err
	}
	if p.known, err = in.in.Cases.Quoted(ctx, tx, a); err != nil || p.known == 0 || a.Alone {
		return p, err
	}
	p.conversation, err = in.in.Timeline.Continue(ctx, tx, p.known, a.Channel)
	return p, err
}

// entry is the arrival's entry, with what the channel left for us to know.
func entry(a gateway.Arrival, r gateway.Received) *gateway.Entry {
	e := a.Entry
	e.Conversation = r.Conversation
	if e.Channel == "" {
		e.Channel = a.Channel
	}
	if e.Author.Kind == "" {
		e.Author.Kind, e.Author.Name = gateway.ByCustomer, a.From.Name
	}
	if e.Author.Kind == gateway.ByCustomer && e.Author.ID == 0 {
		e.Author.ID = int64(r.Customer)
	}
	if e.At.IsZero() {
		e.At = a.ArrivedAt
	}
	return &e
}

// admission is the arrival's wish for an agent.
func admission(a gateway.Arrival, r gateway.Received, credit gateway.Seconds) gateway.Admission {
	arrived := a.ArrivedAt
	if arrived.IsZero() {
		arrived = time.Now()
	}
	return gateway.Admission{
		Channel:      a.Channel,
		Queue:        a.Queue,
		Case:         r.Case,
		Conversation: r.Conversation,
		Customer:     r.Customer,
		ArrivedAt:    arrived,
		Skills:       a.Skills,
		Alone:        a.Alone,
		Preferred:    a.Preferred,
		Credit:       credit,
	}
}

// remember writes down what the arrivals became, for whoever brings their keys again.
func remember(ctx context.Context, tx pgx.Tx, items []Item, received []gateway.Received) error {
	var keys []string
	var conversations, cases, customers, positions, interactions []int64
	for i, r := range received {
		if r.Repeated {
			continue
		}
		keys = append(keys, gateway.Clean(items[i].Arrival.Key))
		conversations, cases, customers = append(conversations, int64(r.Conversation)), append(cases, int64(r.Case)), append(customers, int64(r.Customer))
		positions, interactions = append(positions, r.Pos), append(interactions, int64(r.Interaction))
	}
	if len(keys) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		update arrival a
		set conversation_id = w.conversation_id, case_id = w.case_id, customer_id = w.customer_id,
		    pos = w.pos, interaction_id = nullif(w.interaction_id, 0)
		from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
		as w(key, conversation_id, case_id, customer_id, pos, interaction_id)
		where a.key = w.key`, keys, conversations, cases, customers, positions, interactions)
	if err != nil {
		return fmt.Errorf("remember arrivals: %w", err)
	}
	return nil
}
