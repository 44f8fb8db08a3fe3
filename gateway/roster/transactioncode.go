package roster

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// ListID names a list of transaction codes.
type ListID = gateway.ID[TransactionList]

// TransactionList is one list of outcomes that an agent chooses from when finishing.
type TransactionList struct {
	ID       ListID            `json:"id"`
	Name     Label             `json:"name"`
	Queues   []gateway.QueueID `json:"queues"`   // empty: every queue
	Required bool              `json:"required"` // one of it must be chosen
	Many     bool              `json:"many"`     // more than one may be
	Position int               `json:"position"`
	Active   bool              `json:"active"`
	Rev      int64             `json:"rev"`
	Codes    []TransactionCode `json:"codes" db:"-"` // where the list is asked for with its codes
}

// TransactionCode is an outcome. A code with children only groups them: it is its
// children that can be chosen.
type TransactionCode struct {
	ID       gateway.CodeID `json:"id"`
	List     ListID         `json:"list"`
	Parent   gateway.CodeID `json:"parent,omitempty"`
	Name     Label          `json:"name"`
	Position int            `json:"position"`
	Active   bool           `json:"active"`
	Rev      int64          `json:"rev"`
}

const (
	transactionListColumns = "id, name, queues, required, many, position, active, rev"
	transactionCodeColumns = "id, list, coalesce(parent, 0) as parent, name, position, active, rev"
)

// TransactionLists lists every list with its codes, those out of use too, for the administrator.
func (s *Store) TransactionLists(ctx context.Context) ([]TransactionList, error) {
	return transactionLists(ctx, s.db, 0, true)
}

// TransactionCodes gives the lists in use that apply to the queue, with their codes.
func (s *Store) TransactionCodes(ctx context.Context, queue gateway.QueueID) ([]TransactionList, error) {
	return transactionLists(ctx, s.db, queue, false)
}

func transactionLists(ctx context.Context, db querier, queue gateway.QueueID, former bool) ([]TransactionList, error) {
	lists, err := list[TransactionList](ctx, db, "select "+transactionListColumns+`
		from transaction_list
		where (active or $1) and ($2::bigint = 0 or queues = '{}' or $2 = any (queues))
		order by position, id`, former, queue)
	if err != nil {
		return nil, err
	}
	codes, err := list[TransactionCode](ctx, db, "select "+transactionCodeColumns+`
		from transaction_code
		where active or $1
		order by position, id`, former)
	for i := range lists {
		lists[i].Codes = []TransactionCode{}
		for _, c := range codes {
			if c.List == lists[i].ID {
				lists[i].Codes = append(lists[i].Codes, c)
			}
		}
	}
	return lists, err
}

// Choices are the codes of the list that can be chosen: those without children.
func (l TransactionList) Choices() []gateway.CodeID {
	var ids []gateway.CodeID
	for _, c := range l.Codes {
		if !slices.ContainsFunc(l.Codes, func(child TransactionCode) bool { return child.Parent == c.ID }) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// CheckTransactionCodes refuses codes that the queue's lists do not offer, two of a
// list that allows one, and the lack of one from a list that requires it.
func (s *Store) CheckTransactionCodes(ctx context.Context, queue gateway.QueueID, codes []gateway.CodeID) error {
	lists, err := s.TransactionCodes(ctx, queue)
	if err != nil {
		return err
	}
	refuse := func(code, detail string) error {
		return &gateway.Error{Kind: gateway.KindUnprocessed, Code: code, Detail: detail, Data: lists}
	}
	chosen, known := make([]int, len(lists)), 0
	for i, l := range lists {
		choices := l.Choices()
		for _, c := range codes {
			if slices.Contains(choices, c) {
				chosen[i]++
				known++
			}
		}
	}
	if known < len(codes) {
		return refuse("unknown_code", "a transaction code cannot be chosen here: it is not on this queue's lists, or it is a parent code; of those choose a sub-code")
	}
	for i, l := range lists {
		if chosen[i] == 0 && l.Required {
			return refuse("code_required", "choose a transaction code from each list that requires one")
		}
		if chosen[i] > 1 && !l.Many {
			return refuse("one_code_only", "choose one transaction code only from "+l.Name.In("en"))
		}
	}
	return nil
}

// CreateTransactionList adds a list without codes.
func (s *Store) CreateTransactionList(ctx context.Context, l TransactionList) (TransactionList, error) {
	if err := l.Name.check("a list"); err != nil {
		return l, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		l, err = one[TransactionList](ctx, tx, "list", `
			insert into transaction_list (name, queues, required, many, position)
			values ($1, $2, $3, $4, $5)
			returning `+transactionListColumns, l.Name, notNil(l.Queues), l.Required, l.Many, l.Position)
		return err
	})
	return l, err
}

// UpdateTransactionList changes a list, not its codes, if it still has l.Rev.
func (s *Store) UpdateTransactionList(ctx context.Context, l TransactionList) (TransactionList, error) {
	if err := l.Name.check("a list"); err != nil {
		return l, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, "transaction_list", int64(l.ID), l.Rev, func() (TransactionList, error) {
			return one[TransactionList](ctx, s.db, "list", "select "+transactionListColumns+" from transaction_list where id = $1", l.ID)
		}); err != nil {
			return err
		}
		l, err = one[TransactionList](ctx, tx, "list", `
			update transaction_list
			set name = $2, queues = $3, required = $4, many = $5, position = $6, active = $7, rev = rev + 1
			where id = $1
			returning `+transactionListColumns, l.ID, l.Name, notNil(l.Queues), l.Required, l.Many, l.Position, l.Active)
		return err
	})
	return l, err
}

// CreateTransactionCode adds a code to its list.
func (s *Store) CreateTransactionCode(ctx context.Context, c TransactionCode) (TransactionCode, error) {
	if err := c.Name.check("a transaction code"); err != nil {
		return c, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := c.checkParent(ctx, tx); err != nil {
			return err
		}
		c, err = one[TransactionCode](ctx, tx, "transaction code", `
			insert into transaction_code (list, parent, name, position)
			values ($1, nullif($2::bigint, 0), $3, $4)
			returning `+transactionCodeColumns, c.List, c.Parent, c.Name, c.Position)
		return err
	})
	return c, err
}

// UpdateTransactionCode changes a code's name, position and whether it is in use, if
// it still has c.Rev. It stays in its list: finished interactions quote it.
func (s *Store) UpdateTransactionCode(ctx context.Context, c TransactionCode) (TransactionCode, error) {
	if err := c.Name.check("a transaction code"); err != nil {
		return c, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, "transaction_code", int64(c.ID), c.Rev, func() (TransactionCode, error) {
			return one[TransactionCode](ctx, s.db, "transaction code", "select "+transactionCodeColumns+" from transaction_code where id = $1", c.ID)
		}); err != nil {
			return err
		}
		c, err = one[TransactionCode](ctx, tx, "transaction code", `
			update transaction_code
			set name = $2, position = $3, active = $4, rev = rev + 1
			where id = $1
			returning `+transactionCodeColumns, c.ID, c.Name, c.Position, c.Active)
		return err
	})
	return c, err
}

func (c TransactionCode) checkParent(ctx context.Context, tx pgx.Tx) error {
	if c.Parent == 0 {
		return nil
	}
	p, err := one[TransactionCode](ctx, tx, "transaction code", "select "+transactionCodeColumns+" from transaction_code where id = $1", c.Parent)
	if err != nil {
		return err
	}
	if p.Parent != 0 || p.List != c.List {
		return gateway.Invalid("bad_parent", "a parent is a code of the same list that has no parent itself: there are two levels")
	}
	return nil
}
