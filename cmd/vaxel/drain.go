package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/bus"
)

type drainCmd struct {
	Node     string         `help:"Which node; the configuration's own unless set."`
	Deadline time.Duration  `help:"After it calls that still go on are ended, with a callback." default:"30m"`
	Final    *time.Duration `help:"So long before that agents are warned the last time: 10m unless set, or a third of a shorter drain."`
	Cancel   bool           `help:"Have the node work on."`
	Status   bool           `help:"Say what there is; change nothing."`
	NoWait   bool           `help:"Don't wait until it is empty." name:"no-wait"`
	JSON     bool           `name:"json" help:"For programs."`
}

const drainPoll = time.Second

// Run has a running node drained and waits until it is empty or the deadline is over. It is
// the node that does the work; this may be stopped meanwhile.
func (d drainCmd) Run(ctx context.Context, c *cli) error {
	pool, config, done, err := c.attach(ctx)
	if err != nil {
		return err
	}
	defer done()
	name := cmp.Or(d.Node, config.Node)
	nodes := bus.NewNodes(pool, bus.Node{}, bus.New(), slog.New(slog.DiscardHandler))
	if d.Status {
		list, err := nodes.List(ctx)
		if err != nil {
			return err
		}
		return d.show(os.Stdout, list)
	}
	n, err := d.mark(ctx, pool, nodes, name)
	if err != nil || d.Cancel || d.NoWait {
		return errors.Join(err, d.say(n))
	}
	list, err := nodes.List(ctx)
	if err != nil {
		return err
	}
	if alone(list, name) {
		fmt.Println(aloneMeans)
	}
	return d.wait(ctx, nodes, n)
}

// aloneMeans is said where there is no other node.
const aloneMeans = `This is the only node, so there is nobody to take over: new calls are refused from now on, chats and mail go on being
answered here. At the deadline agents are set working offline and calls are ended. Stop it then; what is queued waits for its start.`

// mark writes the drain and the line in the audit log, as the API does.
func (d drainCmd) mark(ctx context.Context, pool *pgxpool.Pool, nodes *bus.Nodes, name string) (n bus.Node, err error) {
	what := "node.drained"
	if d.Cancel {
		what = "node.undrained"
		n, err = nodes.Undrain(ctx, name)
	} else {
		n, err = nodes.Drain(ctx, name, d.Deadline, d.final())
	}
	if err != nil {
		return n, err
	}
	tx, err := pool.Begin(ctx)
	if err != nil {
		return n, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if err := access.Audit(ctx, tx, access.System, what, "node:"+name, n.Drain); err != nil {
		return n, err
	}
	return n, tx.Commit(ctx)
}

func (d drainCmd) final() time.Duration {
	if d.Final != nil {
		return *d.Final
	}
	return bus.Final(d.Deadline)
}

func alone(list []bus.Node, name string) bool {
	return !slices.ContainsFunc(list, func(n bus.Node) bool { return n.Name != name && n.Drain == nil })
}

// wait tells what remains whenever it changes, until nothing does or the deadline is over
// and the node has done what belongs to it.
func (d drainCmd) wait(ctx context.Context, nodes *bus.Nodes, n bus.Node) error {
	last := ""
	for {
		list, err := nodes.List(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(o bus.Node) bool { return o.Name == n.Name })
		if i < 0 || list[i].Run != n.Run || list[i].Drain == nil {
			return gateway.Conflict("node_gone", fmt.Sprintf("node %s has stopped, begun anew or works on", n.Name), nil)
		}
		n = list[i]
		if said := state(n); said != last && !d.JSON {
			fmt.Printf("%s  %s\n", time.Now().Format(time.TimeOnly), said)
			last = said
		}
		if n.Remains != nil && (n.Remains.Done || time.Now().After(n.Drain.Deadline.Add(2*drainPoll))) {
			return d.say(n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(drainPoll):
		}
	}
}

// say is the last word about a node.
func (d drainCmd) say(n bus.Node) error {
	switch {
	case n.Name == "":
		return nil
	case d.JSON:
		return printJSON(os.Stdout, n)
	case n.Drain != nil && n.Remains != nil && n.Remains.Done:
		fmt.Printf("%s is empty: stop it, and nobody notices. %d calls were ended at the deadline.\n", n.Name, n.Remains.Killed)
	default:
		fmt.Printf("%s: %s\n", n.Name, state(n))
	}
	return nil
}

func (d drainCmd) show(out io.Writer, list []bus.Node) error {
	if d.JSON {
		return printJSON(out, list)
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "node\taddress\troles\tseen\tstate")
	for _, n := range list {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", n.Name, n.Address, strings.Join(n.Roles, ","), clock(n.SeenAt), state(n))
	}
	return t.Flush()
}

// state is how a node is, in words.
func state(n bus.Node) string {
	switch r := n.Remains; {
	case n.Drain == nil:
		return "works"
	case r == nil:
		return "begins to drain"
	case r.Done:
		return "empty"
	default:
		left := []string{}
		for _, p := range []struct {
			n    int
			what string
		}{{r.Calls, "calls"}, {r.Visitors, "visitors"}, {r.Consoles, "consoles"}} {
			if p.n > 0 {
				left = append(left, fmt.Sprintf("%d %s", p.n, p.what))
			}
		}
		for what, is := range map[string]bool{"the floor": r.Leads, "its mailboxes": r.Mailboxes} {
			if is {
				left = append(left, what)
			}
		}
		slices.Sort(left)
		return "drains until " + clock(n.Drain.Deadline) + "; still here: " + strings.Join(left, ", ")
	}
}
