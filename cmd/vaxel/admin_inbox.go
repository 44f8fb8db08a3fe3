package main

import (
	"context"
	"fmt"
	"time"
)

type inboxCmd struct {
	Retry bool `help:"Have the floor take it all again, after what was wrong has been mended."`
}

// Run lists what is set aside, oldest first, or has it taken again.
func (i inboxCmd) Run(ctx context.Context, c *cli) error {
	pool, _, done, err := c.attach(ctx)
	if err != nil {
		return err
	}
	defer done()
	f := records(pool)
	if i.Retry {
		n, err := f.TakeAgain(ctx)
		if err == nil {
			fmt.Printf("%d admissions are taken again.\n", n)
		}
		return err
	}
	list, err := f.SetAside(ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		fmt.Printf("%d  arrived %s, set aside %s\n    %s\n    %s\n", a.ID,
			a.CreatedAt.UTC().Format(time.RFC3339), a.SetAsideAt.UTC().Format(time.RFC3339), a.Fault, a.Admission)
	}
	fmt.Printf("%d admissions are set aside.\n", len(list))
	return nil
}
