package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

type whyCmd struct {
	Interaction gateway.InteractionID `arg:"" help:"Its number, as the API and the console's address give it."`
	JSON        bool                  `name:"json" help:"For programs, as GET /api/v1/interactions/{id}/why has it."`
}

// Run explains each offer of an interaction, which may long have ended. The Växel may be
// running; it is not asked.
func (w whyCmd) Run(ctx context.Context, c *cli) error {
	pool, config, done, err := c.attach(ctx)
	if err != nil {
		return err
	}
	defer done()
	f := records(pool)
	i, err := f.Interaction(ctx, w.Interaction)
	if err != nil {
		return err
	}
	list, err := f.Why(ctx, w.Interaction)
	if err != nil {
		return err
	}
	if err := api.NameEditors(ctx, access.New(pool), list); err != nil {
		return err
	}
	if w.JSON {
		return printJSON(os.Stdout, map[string]any{"decisions": list})
	}
	called, err := readCalled(ctx, pool, config.Language)
	if err != nil {
		return err
	}
	return called.explain(os.Stdout, i, list)
}

// records is the floor of a database, to read in: it runs nothing.
func records(pool *pgxpool.Pool) *floor.Floor {
	return floor.New(pool, "", floor.Rooms{}, slog.New(slog.DiscardHandler))
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// called is what agents and queues are called, those out of use too.
type called struct {
	agents map[gateway.AgentID]string
	queues map[gateway.QueueID]string
	skills map[gateway.SkillID]string
}

func readCalled(ctx context.Context, pool *pgxpool.Pool, language string) (called, error) {
	c := called{map[gateway.AgentID]string{}, map[gateway.QueueID]string{}, map[gateway.SkillID]string{}}
	people := roster.New(pool, nil)
	queues, err := people.Queues(ctx, roster.QueueFilter{Former: true})
	if err != nil {
		return c, err
	}
	for _, q := range queues {
		c.queues[q.ID] = q.Name.In(language)
	}
	skills, err := people.Skills(ctx)
	if err != nil {
		return c, err
	}
	for _, k := range skills {
		c.skills[k.ID] = k.Name
	}
	for after := gateway.AgentID(0); ; {
		agents, err := people.Agents(ctx, roster.AgentFilter{Former: true, After: after, Limit: agentsAtOnce})
		for _, a := range agents {
			c.agents[a.ID], after = a.Name, a.ID
		}
		if err != nil || len(agents) < agentsAtOnce {
			return c, err
		}
	}
}

const agentsAtOnce = 1000

func (c called) agent(id gateway.AgentID) string {
	return cmp.Or(c.agents[id], "agent "+id.String())
}

func (c called) queue(id gateway.QueueID) string {
	return cmp.Or(c.queues[id], "queue "+id.String())
}

// explain writes the story of an interaction: what was decided when, and each candidate.
func (c called) explain(out io.Writer, i gateway.Interaction, list []floor.Decision) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	state := string(i.State)
	if i.End != "" {
		state += ", " + string(i.End)
	}
	_, _ = fmt.Fprintf(t, "Interaction %d: %s in %s, arrived %s, due %s; %s.\n",
		i.ID, i.Channel, c.queue(i.Queue), clock(i.ArrivedAt), clock(i.DueAt), state)
	for _, d := range list {
		c.edits(t, d.Edits)
		_, _ = fmt.Fprintf(t, "\n%s  %s\n", clock(d.At), c.headline(d))
		for _, v := range d.Candidates {
			_, _ = fmt.Fprintf(t, "    %s\t%s\t%s\t%s\n", c.agent(v.Agent), verdict(v), v.Rule, c.words(v))
		}
		if len(d.Candidates) == 0 && len(d.Offers) > 0 && d.Offers[0].Kind == gateway.OfferQueue {
			_, _ = fmt.Fprintln(t, "    why is forgotten: the log is kept for 30 days")
		}
		if d.Strangers > 0 {
			_, _ = fmt.Fprintf(t, "    and %d who are not members of its queues\n", d.Strangers)
		}
	}
	if len(list) == 0 {
		_, _ = fmt.Fprintln(t, "\nNobody was looked for: it was not let in, or an agent began or took it by hand.")
	}
	return t.Flush() // out's first error
}

// edits tell what of the plan was changed, and by whom.
func (c called) edits(out io.Writer, list []routing.Edit) {
	for _, e := range list {
		_, _ = fmt.Fprintf(out, "\n%s  the plan was changed\n", clock(e.At))
		for _, d := range e.Changes {
			var of []string
			if d.Agent != 0 {
				of = append(of, c.agent(d.Agent))
			}
			if d.Queue != 0 {
				of = append(of, c.queue(d.Queue))
			}
			_, _ = fmt.Fprintf(out, "    %s\t%s\t%s, was %s\t%s\n", cmp.Or(strings.Join(of, " in "), "the house"), d.What,
				cmp.Or(string(d.To), "none"), cmp.Or(string(d.From), "none"), by(d.By))
		}
	}
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return "by " + name
}

func verdict(v routing.Candidate) string {
	switch {
	case v.Chosen:
		return "asked"
	case v.Free:
		return "free"
	}
	return "not asked"
}

// words are routing's, which knows no names.
func (c called) words(v routing.Candidate) string {
	var id gateway.SkillID
	if n, _ := fmt.Sscanf(v.Words, "skill %d ", &id); n == 1 && c.skills[id] != "" {
		return strings.Replace(v.Words, "skill "+id.String(), c.skills[id], 1)
	}
	return v.Words
}

// headline says what was decided, and what came of it.
func (c called) headline(d floor.Decision) string {
	if d.OfferNo == 0 {
		return "waits: nobody in " + c.queue(d.Queue) + " could be asked"
	}
	outcomes := make([]string, len(d.Offers))
	for n, o := range d.Offers {
		outcomes[n] = c.agent(o.Agent) + ": " + outcome(o)
	}
	by := "from " + c.queue(d.Queue)
	if len(d.Offers) > 0 && d.Offers[0].Kind != gateway.OfferQueue {
		by = string(d.Offers[0].Kind)
	}
	return fmt.Sprintf("offer %d, %s, to %s", d.OfferNo, by, strings.Join(outcomes, "; "))
}

func outcome(o gateway.Offer) string {
	if o.ClosedAt.IsZero() {
		return "being asked"
	}
	said := fmt.Sprintf("%s after %v", o.Outcome, o.ClosedAt.Sub(o.CreatedAt).Round(100*time.Millisecond))
	if o.Cause != "" {
		said += " (" + o.Cause + ")"
	}
	return said
}

// clock is a moment as the tables of the command line show it.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
