package routing_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

var update = flag.Bool("update", false, "rewrite what the floor says in testdata/*.txtar")

// A transcript begins with the rule in words. The house section tells who works where;
// in the transcript section a line is what happens, the indented lines below it are
// what the floor does about it. "later" lines are what it does by itself meanwhile.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, rest, ok1 := strings.Cut(string(old), "-- house --\n")
			house, script, ok2 := strings.Cut(rest, "-- transcript --\n")
			if !ok1 || !ok2 || !strings.HasSuffix(strings.TrimSpace(head), ".") {
				t.Fatal("want a sentence, -- house --, -- transcript --")
			}
			f := newFloor(t, house)
			got := head + "-- house --\n" + house + "-- transcript --\n" + f.play(script)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(old), got); diff != "" {
				t.Errorf("the floor does something else (- transcript, + now):\n%s", diff)
			}
		})
	}
}

// floor is a core whose people, queues, skills and codes have names.
type floor struct {
	t     *testing.T
	core  *routing.Core
	plan  gateway.Plan
	names map[string][]string
	wake  time.Time
	log   []routing.Logged
	out   strings.Builder
}

func newFloor(t *testing.T, house string) *floor {
	t.Helper()
	f := &floor{t: t, core: routing.New(), names: map[string][]string{}}
	f.configure(house)
	f.apply(clock("00:00:00"), routing.Configure{Plan: f.plan})
	f.out.Reset()
	return f
}

// id numbers the names of a kind in the order in which they appear.
func (f *floor) id(kind, name string) int64 {
	i := slices.Index(f.names[kind], name)
	if i < 0 {
		i = len(f.names[kind])
		f.names[kind] = append(f.names[kind], name)
	}
	return int64(i + 1)
}

func (f *floor) name(kind string, id int64) string {
	if id < 1 || int(id) > len(f.names[kind]) {
		return "-"
	}
	return f.names[kind][id-1]
}

func (f *floor) who(id gateway.AgentID) string   { return f.name("agent", int64(id)) }
func (f *floor) where(id gateway.QueueID) string { return f.name("queue", int64(id)) }

// day is a time of the transcript's day, or of one so many days later.
func day(t time.Time) string {
	s := t.Format(time.TimeOnly)
	if days := int(t.Sub(clock("00:00:00")).Hours()) / 24; days != 0 {
		s += fmt.Sprintf("+%dd", days)
	}
	return s
}

func clock(s string) time.Time {
	t, err := time.Parse(time.TimeOnly, s)
	if err != nil {
		panic(err)
	}
	return time.Date(2024, 5, 6, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func seconds(s string) gateway.Seconds {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return gateway.Seconds(d / time.Second)
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// play goes through the script and writes it anew with what the floor does.
func (f *floor) play(script string) string {
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue
		}
		at, what, ok := strings.Cut(line, " ")
		if !ok || strings.HasPrefix(line, "#") {
			f.say("%s", line)
			continue
		}
		f.pass(clock(at))
		f.say("%s", line)
		f.do(clock(at), strings.Fields(what))
	}
	return f.out.String()
}

func (f *floor) say(format string, args ...any) { fmt.Fprintf(&f.out, format+"\n", args...) }

// pass wakes the floor whenever it asked for that.
func (f *floor) pass(until time.Time) {
	for !f.wake.IsZero() && !f.wake.After(until) {
		at := f.wake
		f.say("\tlater, at %s:", at.Format(time.TimeOnly))
		f.apply(at, routing.Wake{})
		if f.wake.Equal(at) {
			f.t.Fatalf("the floor wants to be woken at %v for ever", at)
		}
	}
}

func (f *floor) apply(at time.Time, ev routing.Event) {
	data, err := routing.MarshalEvent(ev)
	if err != nil {
		f.t.Fatal(err)
	}
	if ev, err = routing.UnmarshalEvent(data); err != nil {
		f.t.Fatal(err)
	}
	f.log = append(f.log, routing.Logged{Seq: int64(len(f.log) + 1), At: at, Event: ev})
	r := f.core.Apply(at, ev)
	f.wake = r.WakeAt
	if r.Err != nil {
		f.say("\trefused: %s (%s)%s", r.Err.Detail, r.Err.Code, f.data(r.Err.Data))
	}
	if r.Answer.Later {
		f.say("\tnoted for later")
	}
	for _, e := range r.Effects {
		f.tell(e)
	}
}

func (f *floor) data(d any) string {
	codes, ok := d.([]gateway.CodeID)
	if !ok {
		return ""
	}
	return ": " + f.codes(codes)
}

func (f *floor) codes(ids []gateway.CodeID) string {
	var names []string
	for _, id := range ids {
		names = append(names, f.name("code", int64(id)))
	}
	return strings.Join(names, ", ")
}

// do reads what happens.
func (f *floor) do(at time.Time, w []string) {
	switch w[0] {
	case "restart":
		f.restart()
		f.apply(at, routing.Recover{})
		return
	case "nothing":
		return
	case "house":
		f.rebuild(at, strings.Join(w[1:], " "))
		return
	case "board":
		f.board(w[1])
		return
	case "customer":
		if w[3] == "waits" { // customer of 1 waits since 4
			f.apply(at, gateway.Silence{Interaction: gateway.InteractionID(number(w[2])), Pos: number(w[5])})
			return
		}
		if w[3] == "wants" { // customer of 1 wants callback 2
			f.apply(at, gateway.CallBack{Interaction: gateway.InteractionID(number(w[2])), Callback: gateway.InteractionID(number(w[5]))})
			return
		}
		f.apply(at, f.leave(w))
		return
	}
	if w[1] == "why?" {
		f.why(gateway.InteractionID(number(w[0])))
		return
	}
	if w[0] == "case" && w[2] == "closes" { // case 7 closes [at 09:00:00]
		s := gateway.Settle{Case: gateway.CaseID(number(w[1])), At: at}
		if len(w) > 4 {
			s.At = clock(w[4])
		}
		f.apply(at, routing.Settle{Settle: s})
		return
	}
	if w[0] == "case" { // case 7 becomes 9 [of conversation 3 …]
		r := gateway.Regroup{From: gateway.CaseID(number(w[1])), Into: gateway.CaseID(number(w[3]))}
		for _, id := range w[min(6, len(w)):] {
			r.Conversations = append(r.Conversations, gateway.ConversationID(number(id)))
		}
		f.apply(at, routing.Regroup{Regroup: r})
		return
	}
	if w[1] == "place?" {
		p, ok := f.core.Place(gateway.InteractionID(number(w[0])))
		f.say("\tposition %d, about %v (%v)", p.Position, p.Wait, ok)
		return
	}
	if slices.Contains(gateway.Channels, gateway.Channel(w[0])) {
		f.apply(at, routing.Admit{Admission: f.admission(w)})
		return
	}
	f.apply(at, f.command(w))
}

// rebuild changes one line of the house: it replaces the queue or agent of that name.
func (f *floor) rebuild(at time.Time, line string) {
	words := strings.Fields(line)
	switch words[0] {
	case "queue":
		q := f.queue(words[1], strings.Join(words[2:], " "))
		f.plan.Queues = append(slices.DeleteFunc(slices.Clone(f.plan.Queues), func(o gateway.QueuePlan) bool { return o.ID == q.ID }), q)
	case "agent":
		a := f.agent(words[1], words[2:])
		f.plan.Agents = append(slices.DeleteFunc(slices.Clone(f.plan.Agents), func(o gateway.AgentPlan) bool { return o.ID == a.ID }), a)
	case "without":
		id := gateway.AgentID(f.id("agent", words[1]))
		f.plan.Agents = slices.DeleteFunc(slices.Clone(f.plan.Agents), func(o gateway.AgentPlan) bool { return o.ID == id })
	}
	f.apply(at, routing.Configure{Plan: f.plan})
}

// restart goes on with a core restored from the snapshot of the old one.
func (f *floor) restart() {
	data, err := f.core.Snapshot()
	if err != nil {
		f.t.Fatal(err)
	}
	if f.core, err = routing.Restore(data); err != nil {
		f.t.Fatal(err)
	}
	again, err := f.core.Snapshot()
	if err != nil || !bytes.Equal(data, again) {
		f.t.Fatalf("the restored floor differs (%v): %s", err, cmp.Diff(string(data), string(again)))
	}
}

// admission reads "chat 1 arrives in support [case N] [skill s>=N] [alone] [prefers anna] [credit D] [since T]".
func (f *floor) admission(w []string) gateway.Admission {
	id := number(w[1])
	a := gateway.Admission{
		Interaction: gateway.InteractionID(id), Channel: gateway.Channel(w[0]), Queue: gateway.QueueID(f.id("queue", w[4])),
		Case: gateway.CaseID(id), Conversation: gateway.ConversationID(id),
	}
	for i := 5; i < len(w); i++ {
		switch w[i] {
		case "case":
			a.Case = gateway.CaseID(number(w[i+1]))
		case "skill":
			name, level, _ := strings.Cut(w[i+1], ">=")
			a.Skills = append(a.Skills, f.skill(name, level))
		case "alone":
			a.Alone = true
		case "prefers":
			a.Preferred = gateway.AgentID(f.id("agent", w[i+1]))
		case "customer":
			a.Customer = gateway.CustomerID(number(w[i+1]))
		case "credit":
			a.Credit = seconds(w[i+1])
		case "since":
			a.ArrivedAt = clock(w[i+1])
		}
	}
	return a
}

// leave reads "customer of 1 leaves [others behind] [end] [callback N]".
func (f *floor) leave(w []string) gateway.Command {
	l := gateway.Leave{Interaction: gateway.InteractionID(number(w[2]))}
	for i := 4; i < len(w); i++ {
		switch w[i] {
		case "callback":
			l.Callback = gateway.InteractionID(number(w[i+1]))
			return l
		case "behind": // customer of 1 leaves others behind
			l.TalkOn = true
		case "others":
		default:
			l.End = gateway.End(w[i])
		}
	}
	return l
}

// command reads "anna accepts 1 …".
func (f *floor) command(w []string) gateway.Command {
	agent := gateway.AgentID(f.id("agent", w[0]))
	verb, rest := w[1], w[2:]
	var id gateway.InteractionID
	no := 0
	if len(rest) > 0 {
		token, n, quoted := strings.Cut(rest[0], ".")
		if v, err := strconv.ParseInt(token, 10, 64); err == nil {
			id = gateway.InteractionID(v)
			i, _ := f.core.Interaction(id)
			if no = i.OfferNo; quoted {
				no = int(number(n))
			}
		}
	}
	arg := func(i int) string {
		if i < len(rest) {
			return rest[i]
		}
		return ""
	}
	switch verb {
	case "connects":
		return gateway.Consoles{Agent: agent, Live: true}
	case "disconnects":
		c := gateway.Consoles{Agent: agent} // anna disconnects [silent 12s]
		if arg(0) == "silent" {
			c.Silent = seconds(arg(1))
		}
		return c
	case "becomes":
		cmd := gateway.SetStatus{Agent: agent, Intent: gateway.Intent(rest[0])} // anna becomes on_break lunch [forced] [by supervisor]
		if rest, cmd.Supervisor = cutSuffix(rest, "by", "supervisor"); len(rest) > 1 {
			rest, cmd.Force = cutSuffix(rest, "forced")
		}
		cmd.Code = strings.Join(rest[1:], "_")
		return cmd
	case "accepts":
		return gateway.Accept{Agent: agent, Interaction: id, No: no, ByPhone: arg(1) == "by" && arg(2) == "phone"}
	case "declines":
		return gateway.Decline{Agent: agent, Interaction: id, No: no, Code: arg(1)}
	case "fails":
		return gateway.FailOffer{Agent: agent, Interaction: id, No: no, Cause: arg(1)}
	case "ends":
		return gateway.EndInteraction{Agent: agent, Interaction: id}
	case "finishes":
		cmd := gateway.Finish{Agent: agent, Interaction: id}
		for _, name := range rest[1:] {
			if name != "with" {
				cmd.Codes = append(cmd.Codes, gateway.CodeID(f.id("code", name)))
			}
		}
		return cmd
	case "extends":
		return gateway.ExtendWrapUp{Agent: agent, Interaction: id}
	case "writes":
		return gateway.Touch{Agent: agent, Interaction: id}
	case "takes-up":
		return gateway.TakeUp{Agent: agent, Interaction: id}
	case "calls-back": // anna calls-back 1 [as 2]
		cmd := gateway.Redial{Agent: agent, Interaction: id}
		if arg(1) == "as" {
			cmd.Callback = gateway.InteractionID(number(arg(2)))
		}
		return cmd
	case "reaches-nobody":
		return gateway.Unreached{Agent: agent, Interaction: id}
	case "pulls":
		return gateway.Pull{Agent: agent, Interaction: id}
	case "transfers":
		cmd := gateway.Transfer{Agent: agent, Interaction: id}
		if slices.Contains(f.names["queue"], arg(2)) {
			cmd.ToQueue = gateway.QueueID(f.id("queue", arg(2)))
			if arg(3) == "skill" {
				name, level, _ := strings.Cut(arg(4), ">=")
				cmd.Skills = []gateway.SkillLevel{f.skill(name, level)}
			}
		} else {
			cmd.ToAgent = gateway.AgentID(f.id("agent", arg(2)))
		}
		return cmd
	case "consults": // anna consults 1 björn [anyway]
		cmd := gateway.Consult{Agent: agent, Interaction: id, EvenIfBusy: arg(2) == "anyway"}
		switch {
		case arg(1) == "outside":
			cmd.Outside = true
		case slices.Contains(f.names["queue"], arg(1)):
			cmd.ToQueue = gateway.QueueID(f.id("queue", arg(1)))
		default:
			cmd.ToAgent = gateway.AgentID(f.id("agent", arg(1)))
		}
		return cmd
	case "connects-lines":
		return gateway.TransferLines{Agent: agent, Interaction: id}
	case "joins-lines":
		return gateway.JoinLines{Agent: agent, Interaction: id}
	case "drops":
		cmd := gateway.DropLine{Agent: agent, Interaction: id}
		if cmd.Outside = arg(1) == "outside"; arg(1) != "" && !cmd.Outside {
			cmd.Colleague = gateway.AgentID(f.id("agent", arg(1)))
		}
		return cmd
	case "holds", "unholds":
		return gateway.HoldLine{Agent: agent, Interaction: id, Hold: verb == "holds"}
	case "phone": // anna phone lost, anna phone back
		return gateway.PhoneReach{Agent: agent, Reachable: rest[0] == "back"}
	case "begins": // anna begins email 5 in support case 3
		return gateway.Begin{Agent: agent, Admission: f.admission(slices.Insert(slices.Clone(rest), 2, "arrives"))}
	}
	f.t.Fatalf("what is %q?", strings.Join(w, " "))
	return nil
}

func cutSuffix(words []string, suffix ...string) ([]string, bool) {
	if n := len(words) - len(suffix); n > 0 && slices.Equal(words[n:], suffix) {
		return words[:n], true
	}
	return words, false
}

// tell writes an effect for a supervisor to read.
func (f *floor) tell(e routing.Effect) {
	switch e := e.(type) {
	case routing.InteractionChanged:
		f.interaction(*e.Interaction)
	case routing.Joined:
		f.say("\t%d joins %d", e.Reserved, e.Interaction)
	case routing.OfferCreated:
		f.say("\toffer %d.%d (%s) to %s until %s", e.Offer.Interaction, e.Offer.No, e.Offer.Kind, f.who(e.Offer.Agent), e.Offer.ExpiresAt.Format(time.TimeOnly))
	case routing.OfferClosed:
		f.say("\toffer %d.%d to %s %s", e.Offer.Interaction, e.Offer.No, f.who(e.Offer.Agent), strings.TrimSpace(string(e.Offer.Outcome)+" "+e.Offer.Cause))
	case routing.PresenceChanged:
		f.presence(*e.Presence)
	case routing.SegmentClosed:
		s := e.Segment
		f.say("\tsegment of %d: %s in %s, %s, %v and %v after", s.Interaction, f.who(s.Agent), f.where(s.Queue), s.How, s.EndedAt.Sub(s.Start), s.End.Sub(s.EndedAt))
	case routing.Happened:
		words := []string{e.Happening.What}
		if e.Happening.Agent != 0 {
			words = append(words, f.who(e.Happening.Agent))
		}
		if e.Happening.Cause != "" {
			words = append(words, e.Happening.Cause)
		}
		f.say("\ttimeline of %d: %s", e.Interaction, strings.Join(words, " "))
	case routing.StepTaken:
		f.say("\t%s", f.stepTaken(e))
	case routing.Alerted:
		f.say("\talert: %s, %d in %s, agent %s", e.Kind, e.Interaction, f.where(e.Queue), f.who(e.Agent))
	default:
		f.t.Fatalf("effect %T", e)
	}
}

func (f *floor) stepTaken(e routing.StepTaken) string {
	s := fmt.Sprintf("step for %d in %s: %s", e.Interaction, f.where(e.Queue), e.Step.Do)
	switch {
	case e.Step.Queue != 0:
		s += " " + f.where(e.Step.Queue)
	case e.Step.Skill != 0:
		s += " " + f.name("skill", int64(e.Step.Skill))
	case e.Step.To != "":
		s += " " + e.Step.To
	}
	return s
}

func (f *floor) interaction(i gateway.Interaction) {
	s := fmt.Sprintf("%s %d: %s in %s, band %d, due %s", i.Channel, i.ID, i.State, f.where(i.Queue), i.Band, day(i.DueAt))
	if i.Agent != 0 {
		s += ", with " + f.who(i.Agent)
	}
	if i.Phase != "" && i.Phase != gateway.PhaseTalking {
		s += ", " + string(i.Phase)
	}
	var others strings.Builder
	for _, o := range i.Others {
		others.WriteString(" and " + f.who(o))
	}
	s += others.String()
	if i.Outside {
		s += " and somebody outside"
	}
	if i.Line2 == gateway.Line2Outside {
		s += " on line 2"
	}
	if !i.WrapUpUntil.IsZero() {
		s += ", wrap-up until " + i.WrapUpUntil.Format(time.TimeOnly)
	}
	if i.Overtime {
		s += ", overtime"
	}
	if i.OverCapacity {
		s += ", over capacity"
	}
	if i.End != "" {
		s += ", " + string(i.End)
	}
	if i.End == gateway.EndVoicemail && i.Preferred != 0 {
		s += " for " + f.who(i.Preferred)
	}
	if len(i.Codes) > 0 {
		s += ", codes " + f.codes(i.Codes)
	}
	f.say("\t%s", s)
}

func (f *floor) presence(p gateway.Presence) {
	s := f.who(p.Agent) + ": " + string(p.Status)
	if p.StatusCode != "" {
		s += " (" + p.StatusCode + ")"
	}
	s += " since " + p.Since.Format(time.TimeOnly)
	if p.Next != "" {
		s += ", next " + string(p.Next)
	}
	if p.Units > 0 {
		s += fmt.Sprintf(", %d units", p.Units)
	}
	if len(p.Holds) > 0 {
		s += fmt.Sprintf(", holds %v", p.Holds)
	}
	if !p.Live {
		s += ", no console"
	}
	f.say("\t%s", s)
}

// why tells every decision about an interaction, from the log.
func (f *floor) why(id gateway.InteractionID) {
	for _, e := range routing.New().Why(slices.Values(f.log), id) {
		f.say("\t%s in %s, offer %d by %s:", e.At.Format(time.TimeOnly), f.where(e.Queue), e.OfferNo, e.Strategy)
		for _, c := range e.Candidates {
			mark := map[bool]string{true: "chosen, "}[c.Chosen]
			f.say("\t  %s: %s%s: %s", f.who(c.Agent), mark, c.Rule, c.Words)
		}
		if e.Strangers > 0 {
			f.say("\t  %d others are not members", e.Strangers)
		}
	}
	if e, ok := f.core.Explain(id); ok {
		for _, c := range e.Candidates {
			f.say("\tnow %s: %s", f.who(c.Agent), c.Rule)
		}
	}
}

func (f *floor) board(name string) {
	s, _ := f.core.QueueState(gateway.QueueID(f.id("queue", name)))
	for _, ch := range s.Channels {
		if ch.Waiting+ch.InProgress > 0 {
			since := "-"
			if !ch.WaitingSince.IsZero() {
				since = ch.WaitingSince.Format(time.TimeOnly)
			}
			due := "-"
			if !ch.OldestDue.IsZero() {
				due = day(ch.OldestDue)
			}
			f.say("\t%s: %d waiting since %s, oldest due %s, a newcomer waits %v, %d in progress",
				ch.Channel, ch.Waiting, since, due, time.Duration(ch.WaitS)*time.Second, ch.InProgress)
		}
	}
	f.say("\t%d routable, %d ready, %v", s.Routable, s.Ready, s.Agents)
}
