package main

import (
	"context"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

func (s *seeding) putStatusCodes(ctx context.Context) error {
	all, err := s.roster.AllStatusCodes(ctx)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, c := range all {
		have[string(c.Intent)+" "+c.Code] = true
	}
	for i, c := range sampleStatusCodes {
		if have[string(c.Intent)+" "+c.Code] {
			continue
		}
		c.Position = i
		if _, err := s.roster.CreateStatusCode(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeding) putLists(ctx context.Context) error {
	all, err := s.roster.TransactionLists(ctx)
	if err != nil {
		return err
	}
	have := map[string]roster.TransactionList{}
	for _, l := range all {
		have[l.Name["sv"]] = l
	}
	for i, want := range sampleLists {
		list, there := have[want.name["sv"]]
		if !there {
			if list, err = s.roster.CreateTransactionList(ctx, roster.TransactionList{Name: want.name, Required: want.required, Position: i}); err != nil {
				return err
			}
		}
		if err := s.putCodes(ctx, list, want.codes); err != nil {
			return err
		}
	}
	return nil
}

// codePlace is where a code stands: below a parent or none, by its Swedish name.
type codePlace struct {
	parent gateway.CodeID
	name   string
}

func (s *seeding) putCodes(ctx context.Context, list roster.TransactionList, codes []sampleCode) error {
	have := map[codePlace]gateway.CodeID{}
	for _, c := range list.Codes {
		have[codePlace{c.Parent, c.Name["sv"]}] = c.ID
	}
	put := func(parent gateway.CodeID, name roster.Label, position int) (gateway.CodeID, error) {
		if id := have[codePlace{parent, name["sv"]}]; id != 0 {
			return id, nil
		}
		c, err := s.roster.CreateTransactionCode(ctx, roster.TransactionCode{List: list.ID, Parent: parent, Name: name, Position: position})
		return c.ID, err
	}
	for i, c := range codes {
		parent, err := put(0, c.name, i)
		if err != nil {
			return err
		}
		for j, name := range c.codes {
			if _, err := put(parent, name, j); err != nil {
				return err
			}
		}
	}
	return nil
}
