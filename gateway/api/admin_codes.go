package api

import (
	"context"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// What agents choose from, and when queues are open.

func statusCodesOf(p *roster.Store) resource[roster.StatusCode] {
	return resource[roster.StatusCode]{
		path: "status-codes", one: "status code", many: "reasons for a status", fresh: roster.StatusCode{Active: true},
		list: func(ctx context.Context, _ *adminListIn) ([]roster.StatusCode, error) { return p.AllStatusCodes(ctx) },
		get: func(ctx context.Context, id int64) (roster.StatusCode, error) {
			return p.StatusCode(ctx, roster.StatusCodeID(id))
		},
		create: (*roster.Store).CreateStatusCode,
		update: (*roster.Store).UpdateStatusCode,
		id:     func(c roster.StatusCode) int64 { return int64(c.ID) },
	}
}

func transactionListsOf(p *roster.Store) resource[roster.TransactionList] {
	return resource[roster.TransactionList]{
		path: "transaction-lists", one: "transaction list", many: "lists of outcomes, with their codes", fresh: roster.TransactionList{Active: true},
		list: func(ctx context.Context, _ *adminListIn) ([]roster.TransactionList, error) {
			return p.TransactionLists(ctx)
		},
		get: func(ctx context.Context, id int64) (roster.TransactionList, error) {
			lists, err := p.TransactionLists(ctx)
			return found(lists, err, func(l roster.TransactionList) bool { return int64(l.ID) == id })
		},
		create: (*roster.Store).CreateTransactionList,
		update: (*roster.Store).UpdateTransactionList,
		id:     func(l roster.TransactionList) int64 { return int64(l.ID) },
	}
}

func transactionCodesOf(p *roster.Store) resource[roster.TransactionCode] {
	codes := func(ctx context.Context) (all []roster.TransactionCode, err error) {
		lists, err := p.TransactionLists(ctx)
		for _, l := range lists {
			all = append(all, l.Codes...)
		}
		return all, err
	}
	return resource[roster.TransactionCode]{
		path: "transaction-codes", one: "transaction code", many: "outcomes", fresh: roster.TransactionCode{Active: true},
		list: func(ctx context.Context, _ *adminListIn) ([]roster.TransactionCode, error) { return codes(ctx) },
		get: func(ctx context.Context, id int64) (roster.TransactionCode, error) {
			all, err := codes(ctx)
			return found(all, err, func(c roster.TransactionCode) bool { return int64(c.ID) == id })
		},
		create: (*roster.Store).CreateTransactionCode,
		update: (*roster.Store).UpdateTransactionCode,
		id:     func(c roster.TransactionCode) int64 { return int64(c.ID) },
	}
}

func calendarsOf(p *roster.Store) resource[roster.Calendar] {
	return resource[roster.Calendar]{
		path: "calendars", one: "calendar", many: "calendars", supervised: true,
		list: func(ctx context.Context, _ *adminListIn) ([]roster.Calendar, error) { return p.Calendars(ctx) },
		get: func(ctx context.Context, id int64) (roster.Calendar, error) {
			return p.Calendar(ctx, roster.CalendarID(id))
		},
		create: (*roster.Store).CreateCalendar,
		update: (*roster.Store).UpdateCalendar,
		id:     func(c roster.Calendar) int64 { return int64(c.ID) },
	}
}

// found picks one of a list that is short and read whole.
func found[T any](list []T, err error, is func(T) bool) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], nil
	}
	return none, gateway.NotFound("not_found", "there is no such thing; it may never have been")
}
