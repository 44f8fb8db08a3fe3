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

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/bus"
)

type drainCmd struct {
	Node     string         `help:"Which node; the configuration's own unless set."`
	At       string         `help:"When it begins: 22:30, the next time the clock here shows that, or 2026-11-20T22:30:00+01:00. At once unless set."`
	Deadline time.Duration  `help:"So long after its beginning calls that still go on are ended, with a callback." default:"30m"`
	Final    *time.Duration `help:"So long before that agents are warned the last time: 10m unless set, or a third of a shorter drain."`
	Cancel   bool           `help:"Have the node work on, or call off what was planned."`
	Status   bool           `help:"Say what there is; change nothing."`
	NoWait   bool           `help:"Don't wait until it is empty." name:"no-wait"`
	JSON     bool           `name:"json" help:"For programs."`
}

const drainPoll = time.Second

// Run has a running node drained and waits until it is empty or the deadline is over. It is
// the node that does the work; this may be stopped meanwhile.
func (d drainCmd) Run(ctx context.Context, c *cli) error {
	plan, err := d.plan(time.Now())
	if err != nil {
		return err
	}
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
	n, err := d.mark(ctx, pool, nodes, name, plan)
	if err != nil || d.Cancel || d.NoWait || d.At != "" {
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

// mark writes the line in the audit log and then the drain, as the API does: a line without
// the deed may be, a deed without its line never is. A second line says that it was refused.
func (d drainCmd) mark(ctx context.Context, pool *pgxpool.Pool, nodes *bus.Nodes, name string, plan bus.Plan) (n bus.Node, err error) {
	what := "node.drained"
	if d.Cancel {
		what = "node.undrained"
	}
	note := func(what string, detail any) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			return access.Audit(ctx, tx, access.System, what, "node:"+name, detail)
		})
	}
	if err := note(what, d.detail(plan)); err != nil {
		return n, err
	}
	if d.Cancel {
		n, err = nodes.Undrain(ctx, name)
	} else {
		n, err = nodes.Drain(ctx, name, plan)
	}
	if refusal, ok := errors.AsType[*gateway.Error](err); ok {
		err = errors.Join(err, note(what+".refused", map[string]string{"code": refusal.Code}))
	}
	return n, err
}

// detail is what the audit log says of the order, in the words of the API.
func (d drainCmd) detail(plan bus.Plan) any {
	if d.Cancel {
		return nil
	}
	return struct {
		At       time.Time `json:"at,omitzero"`
		Deadline float64   `json:"deadline"`
		Final    float64   `json:"final"`
	}{plan.At, plan.Deadline.Seconds(), plan.Final.Seconds()}
}

// plan is what the flags say.
func (d drainCmd) plan(now time.Time) (bus.Plan, error) {
	p := bus.Plan{Deadline: d.Deadline, Final: bus.Final(d.Deadline)}
	if d.Final != nil {
		p.Final = *d.Final
	}
	if d.At == "" {
		return p, nil
	}
	var err error
	if p.At, err = time.Parse(time.RFC3339, d.At); err == nil {
		return p, nil
	}
	clock, err := time.Parse("15:04", d.At)
	if err != nil {
		return p, fmt.Errorf("--at: %q is no time; write 22:30, or 2026-11-20T22:30:00+01:00", d.At)
	}
	y, m, day := now.Date()
	next := func(day int) time.Time {
		return time.Date(y, m, day, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	if p.At = next(day); !p.At.After(now) {
		p.At = next(day + 1)
	}
	return p, nil
}

func alone(list []bus.Node, name string) bool {
	return !slices.ContainsFunc(list, func(n bus.Node) bool { return n.Name != name && !n.Drain.Begun() })
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
		if n.Remains != nil && n.Remains.Done || over(n, time.Now()) {
			return d.say(n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(drainPoll):
		}
	}
}

// drainGone is how long after the deadline a node that writes nothing more is waited for.
const drainGone = 30 * time.Second

// over says whether a node has done what belongs to its deadline, or won't.
func over(n bus.Node, now time.Time) bool {
	since := now.Sub(n.Drain.Deadline)
	return n.Remains != nil && n.Remains.Deadline != nil && since > 2*drainPoll || since > drainGone
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
	_, _ = fmt.Fprintln(t, "node\taddress\troles\tseen\tholds\tstate")
	for _, n := range list {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", n.Name, n.Address, strings.Join(n.Roles, ","), clock(n.SeenAt), holds(n.Remains), state(n))
	}
	return t.Flush()
}

// state is how a node is, in words.
func state(n bus.Node) string {
	switch r := n.Remains; {
	case n.Drain == nil:
		return "works"
	case !n.Drain.Begun():
		return "works, and is drained from " + clock(n.Drain.Since) + " until " + clock(n.Drain.Deadline)
	case r == nil:
		return "begins to drain"
	case r.Done:
		return "empty"
	case r.Deadline != nil:
		return fmt.Sprintf("past the deadline of %s, when it still had %s; %d calls were ended; still here: %s",
			clock(n.Drain.Deadline), holds(&bus.Remains{Held: *r.Deadline}), r.Killed, holds(r))
	default:
		return "drains until " + clock(n.Drain.Deadline) + "; still here: " + holds(r)
	}
}

// holds is what a node has in its hands, in words.
func holds(r *bus.Remains) string {
	if r == nil || r.Held == (bus.Held{}) {
		return "nothing"
	}
	var list []string
	for _, p := range []struct {
		n    int
		what string
	}{{r.Calls, "calls"}, {r.Consoles, "consoles"}, {r.Visitors, "visitors"}} {
		if p.n > 0 {
			list = append(list, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if r.Mailboxes {
		list = append(list, "its mailboxes")
	}
	if r.Leads {
		list = append(list, "the floor")
	}
	return strings.Join(list, ", ")
}
