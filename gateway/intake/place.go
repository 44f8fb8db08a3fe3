package intake

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// placeAll joins the arrivals that are new to their cases and conversations, or opens
// them: a statement a step for as many as do not depend on each other, which are all but
// those that answer an earlier one of the batch.
func (in *Intake) placeAll(ctx context.Context, tx pgx.Tx, items []Item, places []found, ours held, free numbers, received []gateway.Received) error {
	for rest := unknown(received); len(rest) > 0; {
		n := independent(items, places, rest)
		if err := in.place(ctx, tx, items, places, ours, free, received, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// independent is how many of the arrivals, from the first on, have their place whatever
// becomes of those before: none is referred to, and no two open one case's conversation.
func independent(items []Item, places []found, list []int) int {
	ids, opening := map[string]bool{}, map[gateway.CaseID]bool{}
	for n, i := range list {
		a, p := items[i].Arrival, places[i]
		for _, r := range a.References {
			if ids[strings.TrimSpace(r)] {
				return n
			}
		}
		if p.conversation == 0 && opening[p.known] {
			return n
		}
		if id := strings.TrimSpace(a.MessageID); id != "" {
			ids[id] = true
		}
		opening[p.known] = p.known != 0
	}
	return len(list)
}

// place does it for arrivals that do not depend on each other: one statement a step. Each
// is looked for once more, because an earlier part of the batch may have begun what it
// goes on with.
func (in *Intake) place(ctx context.Context, tx pgx.Tx, items []Item, places []found, ours held, free numbers, received []gateway.Received, list []int) error {
	arrivals, known := make([]gateway.Arrival, len(list)), make([]gateway.CaseID, len(list))
	for n, i := range list {
		if places[i].conversation == 0 { // it may answer an earlier one of the batch
			p, err := in.look(ctx, tx, items[i].Arrival)
			if err != nil {
				return err
			}
			if _, known := ours[p.conversation]; p.conversation != 0 && !known {
				return errMeanwhile
			}
			places[i] = p
		}
		arrivals[n], known[n] = items[i].Arrival, places[i].known
	}
	cases, customers, credits, err := in.in.Cases.JoinAll(ctx, tx, arrivals, known)
	if err != nil {
		return fmt.Errorf("join cases: %w", err)
	}
	conversations, err := in.open(ctx, tx, arrivals, places, ours, free, list, cases, customers)
	if err != nil {
		return err
	}
	for n, i := range list {
		r := &received[i]
		r.Case, r.Customer, r.Conversation = cases[n], customers[n], conversations[n]
		places[i].credit = credits[n]
	}
	return in.in.Timeline.ReferAll(ctx, tx, conversations, arrivals)
}

// open gives each arrival's conversation: the one it goes on with, or a new one where
// there is none or its case is another now.
func (in *Intake) open(ctx context.Context, tx pgx.Tx, arrivals []gateway.Arrival, places []found, ours held, free numbers, list []int, cases []gateway.CaseID, customers []gateway.CustomerID) ([]gateway.ConversationID, error) {
	conversations := make([]gateway.ConversationID, len(list))
	var fresh []int
	var ids []gateway.ConversationID
	var of []gateway.CaseID
	var from []gateway.CustomerID
	var channels []gateway.Channel
	for n, i := range list {
		if p := places[i]; p.conversation != 0 && cases[n] == p.known {
			conversations[n] = p.conversation
			continue
		}
		ids = append(ids, next(free.conversations))
		fresh, of, from, channels = append(fresh, n), append(of, cases[n]), append(from, customers[n]), append(channels, arrivals[n].Channel)
	}
	ids, err := in.in.Timeline.OpenAll(ctx, tx, ids, of, from, channels)
	if err != nil {
		return nil, err
	}
	for k, n := range fresh {
		conversations[n], ours[ids[k]] = ids[k], true
	}
	return conversations, nil
}
