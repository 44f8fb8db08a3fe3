package roster_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// hints counts what is published.
type hints map[string]int

func (h hints) Publish(subject string, _ []byte) { h[subject]++ }

func code(err error) string {
	if e, ok := errors.AsType[*gateway.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

// made calls a Create or Update and fails the test if it is refused.
func made[T any](t *testing.T, create func(context.Context, T) (T, error), v T) T {
	t.Helper()
	v, err := create(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPlan(t *testing.T) {
	h := hints{}
	s := roster.New(pgtest.New(t), h)
	billing := made(t, s.CreateQueue, roster.Queue{
		Name:     roster.Label{"sv": "Faktura", "en": "Billing"},
		Channels: map[gateway.Channel]gateway.ChannelPlan{gateway.Voice: {Target: 30}, gateway.Email: {}},
	})
	support := made(t, s.CreateQueue, roster.Queue{Name: roster.Label{"en": "Support"}, Band: 7})
	list := made(t, s.CreateTransactionList, roster.TransactionList{Name: roster.Label{"sv": "Utfall"}, Queues: []gateway.QueueID{billing.ID}, Required: true})
	solved := made(t, s.CreateTransactionCode, roster.TransactionCode{List: list.ID, Name: roster.Label{"sv": "Löst"}})
	leaf := made(t, s.CreateTransactionCode, roster.TransactionCode{List: list.ID, Parent: solved.ID, Name: roster.Label{"sv": "Löst direkt"}})
	skill := made(t, s.CreateSkill, roster.Skill{Name: "lang:sv"})
	anna := made(t, s.CreateAgent, roster.Agent{
		Name: "Anna Karlsson",
		Caps: map[gateway.Channel]int{gateway.Chat: 3}, Mailbox: true, OfferTimeout: 25,
		Memberships: []gateway.Membership{{Queue: billing.ID, Enabled: true}, {Queue: support.ID, Enabled: true, Level: 3, Delay: 60}},
		Skills:      []gateway.SkillLevel{{Skill: skill.ID, Level: 4}},
		Phones:      []roster.Phone{{Kind: roster.PhonePSTN, Address: "+46 70-174 06 05"}},
	})
	former := made(t, s.CreateAgent, roster.Agent{Name: "Bo"})
	former.Active = false
	made(t, s.UpdateAgent, former)
	support.Active = false
	made(t, s.UpdateQueue, support)

	got, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	codes := []gateway.CodeID{leaf.ID}
	combine := []gateway.CodeList{{Codes: codes, Required: true}}
	want := gateway.Plan{
		Order: gateway.EarliestDue,
		Queues: []gateway.QueuePlan{{
			ID: billing.ID, Band: 5,
			Channels: map[gateway.Channel]gateway.ChannelPlan{
				gateway.Voice: {
					Target: 30, Clock: gateway.WallClock, OfferTimeout: 20, Decline: gateway.DeclineVCC,
					WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 30, CodeRequired: true, Codes: codes, Lists: combine},
				},
				gateway.Email: {
					Target: 4 * 3600, Clock: gateway.CalendarClock, OfferTimeout: 60, Decline: gateway.DeclineSoft,
					WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual, CodeRequired: true, Codes: codes, Lists: combine},
				},
			},
			Sticky: map[gateway.Channel]gateway.Seconds{gateway.Voice: 20, gateway.Email: 4 * 3600},
			Steps:  []gateway.Step{}, OnClosed: []gateway.Step{}, OnFull: []gateway.Step{}, OnUnstaffed: []gateway.Step{},
		}},
		Agents: []gateway.AgentPlan{{
			ID: anna.ID, Memberships: []gateway.Membership{{Queue: billing.ID, Enabled: true, Level: 2}},
			Skills: []gateway.SkillLevel{{Skill: skill.ID, Level: 4}}, Caps: map[gateway.Channel]int{gateway.Chat: 3}, Mailbox: true, OfferTimeout: 25,
			Channels: gateway.Channels,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if h[roster.Subject] != 10 {
		t.Errorf("got %d hints want one for each of 10 edits", h[roster.Subject])
	}

	// An unverified number is not rung; once it is verified it is.
	if err := s.PhoneVerified(t.Context(), anna.ID, anna.Phones[0].ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Plan(t.Context()); err != nil || !got.Agents[0].Phone {
		t.Errorf("verified phone: got %v, %v want a phone", got.Agents[0].Phone, err)
	}
}

func TestStaleEdits(t *testing.T) {
	s := roster.New(pgtest.New(t), nil)
	g := made(t, s.CreateGroup, roster.Group{Name: "Dagskiftet"})
	first := g
	first.Name = "Kvällsskiftet"
	first = made(t, s.UpdateGroup, first)
	g.Name = "Nattskiftet"
	_, err := s.UpdateGroup(t.Context(), g)
	var e *gateway.Error
	if !errors.As(err, &e) || e.Code != "stale" || e.Data != first {
		t.Errorf("got %v with %v want stale with %v", err, e.Data, first)
	}
	if _, err := s.CreateGroup(t.Context(), roster.Group{Name: "KVÄLLSSKIFTET"}); code(err) != "taken" {
		t.Errorf("same name: got %v want taken", err)
	}
	if _, err := s.UpdateGroup(t.Context(), roster.Group{ID: 99, Name: "x"}); code(err) != "group_not_found" {
		t.Errorf("unknown: got %v want group_not_found", err)
	}
	if _, err := s.CreateAgent(t.Context(), roster.Agent{Name: "Eva", Group: 99}); code(err) != "unknown_reference" {
		t.Errorf("unknown group: got %v want unknown_reference", err)
	}
	q := made(t, s.CreateQueue, roster.Queue{Name: roster.Label{"en": "Q"}})
	a := made(t, s.CreateAgent, roster.Agent{Name: "Eva"})
	if err := s.SetMembership(t.Context(), a.ID, gateway.Membership{Queue: q.ID, Level: 4}); code(err) != "out_of_range" {
		t.Errorf("level 4: got %v want out_of_range", err)
	}
	if err := s.SetMembership(t.Context(), a.ID, gateway.Membership{Queue: q.ID, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateAgent(t.Context(), a); code(err) != "stale" {
		t.Errorf("after a change of membership: got %v want stale", err)
	}
}

func TestLists(t *testing.T) {
	ctx, s := t.Context(), roster.New(pgtest.New(t), nil)
	g := made(t, s.CreateGroup, roster.Group{Name: "Dag"})
	q := made(t, s.CreateQueue, roster.Queue{Name: roster.Label{"sv": "Återköp"}})
	anna := made(t, s.CreateAgent, roster.Agent{Name: "Anna", Group: g.ID, Memberships: []gateway.Membership{{Queue: q.ID, Enabled: true}}})
	bo := made(t, s.CreateAgent, roster.Agent{Name: "bo", Group: g.ID})
	eva := made(t, s.CreateAgent, roster.Agent{Name: "Eva Å"})
	names := func(f roster.AgentFilter) (names []string) {
		agents, err := s.Agents(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range agents {
			names = append(names, a.Name)
		}
		return names
	}
	for _, c := range []struct {
		filter roster.AgentFilter
		want   []string
	}{
		{roster.AgentFilter{}, []string{"Anna", "bo", "Eva Å"}},
		{roster.AgentFilter{Limit: 1}, []string{"Anna"}},
		{roster.AgentFilter{After: anna.ID, Limit: 1}, []string{"bo"}},
		{roster.AgentFilter{Group: g.ID}, []string{"Anna", "bo"}},
		{roster.AgentFilter{Queue: q.ID}, []string{"Anna"}},
		{roster.AgentFilter{Name: "å"}, []string{"Eva Å"}},
	} {
		if diff := cmp.Diff(c.want, names(c.filter)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.filter, diff)
		}
	}
	if queues, err := s.Queues(ctx, roster.QueueFilter{Name: "åter", Agent: anna.ID}); err != nil || len(queues) != 1 {
		t.Errorf("queues: got %v, %v want one", queues, err)
	}

	at := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, err := range []error{
		s.SetFavourite(ctx, anna.ID, roster.TargetQueue, int64(q.ID), true),
		s.SetFavourite(ctx, anna.ID, roster.TargetQueue, int64(q.ID), true),
		s.Used(ctx, anna.ID, roster.TargetAgent, int64(bo.ID), at),
		s.Used(ctx, anna.ID, roster.TargetAgent, int64(eva.ID), at.Add(time.Minute)),
	} {
		if err != nil {
			t.Fatal(i, err)
		}
	}
	if err := s.SetFavourite(ctx, anna.ID, roster.TargetAgent, 99, true); code(err) != "agent_not_found" {
		t.Errorf("favourite of nobody: got %v want agent_not_found", err)
	}
	targets := func(f roster.DirectoryFilter) (found []string) {
		list, err := s.Directory(ctx, anna.ID, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			found = append(found, string(x.Kind)+" "+x.Name.In("sv"))
		}
		return found
	}
	for _, c := range []struct {
		filter roster.DirectoryFilter
		want   []string
	}{
		{roster.DirectoryFilter{}, []string{"agent bo", "agent Eva Å", "queue Återköp"}},
		{roster.DirectoryFilter{Kind: roster.TargetQueue}, []string{"queue Återköp"}},
		{roster.DirectoryFilter{MyGroup: true}, []string{"agent bo"}},
		{roster.DirectoryFilter{Favourites: true}, []string{"queue Återköp"}},
		{roster.DirectoryFilter{Recents: true}, []string{"agent Eva Å", "agent bo"}},
		{roster.DirectoryFilter{Name: "EVA"}, []string{"agent Eva Å"}},
	} {
		if diff := cmp.Diff(c.want, targets(c.filter)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.filter, diff)
		}
	}
}

func TestStatusCodes(t *testing.T) {
	ctx, s := t.Context(), roster.New(pgtest.New(t), nil)
	g := made(t, s.CreateGroup, roster.Group{Name: "Dag"})
	anna := made(t, s.CreateAgent, roster.Agent{Name: "Anna", Group: g.ID})
	bo := made(t, s.CreateAgent, roster.Agent{Name: "Bo"})
	if err := s.CheckStatusCode(ctx, gateway.IntentOnBreak, anna.ID, ""); err != nil {
		t.Errorf("no list: got %v want nil", err)
	}
	made(t, s.CreateStatusCode, roster.StatusCode{Intent: gateway.IntentOnBreak, Code: "lunch", Name: roster.Label{"sv": "Lunch"}, Group: g.ID})
	made(t, s.CreateStatusCode, roster.StatusCode{Intent: roster.ActionDecline, Code: "busy_case", Name: roster.Label{"sv": "Ärende"}, Agents: []gateway.AgentID{bo.ID}})
	if got := code(s.CheckStatusCode(ctx, roster.ActionDecline, bo.ID, "")); got != "code_required" {
		t.Errorf("bo declines without a code: %s", got)
	}
	if err := s.CheckStatusCode(ctx, roster.ActionDecline, anna.ID, ""); err != nil {
		t.Errorf("a list for bo alone: anna declines with %v", err)
	}
	for _, c := range []struct {
		agent gateway.AgentID
		code  string
		want  string
	}{
		{anna.ID, "", "code_required"},
		{anna.ID, "lunch", "<nil>"},
		{anna.ID, "fika", "unknown_code"},
		{bo.ID, "", "<nil>"},
		{bo.ID, "lunch", "unknown_code"},
	} {
		if got := code(s.CheckStatusCode(ctx, gateway.IntentOnBreak, c.agent, c.code)); got != c.want {
			t.Errorf("agent %d, code %q: got %s want %s", c.agent, c.code, got, c.want)
		}
	}
	for _, c := range []roster.StatusCode{
		{Intent: gateway.IntentOnBreak, Code: "missed", Name: roster.Label{"en": "x"}},
		{Intent: gateway.IntentOnBreak, Code: "Två ord", Name: roster.Label{"en": "x"}},
		{Intent: "busy", Code: "x", Name: roster.Label{"en": "x"}},
		{Intent: gateway.IntentOnBreak, Code: "x"},
	} {
		if _, err := s.CreateStatusCode(ctx, c); !errors.Is(err, gateway.ErrInvalid) {
			t.Errorf("%+v: got %v want invalid", c, err)
		}
	}
}

func TestTransactionCodes(t *testing.T) {
	ctx, s := t.Context(), roster.New(pgtest.New(t), nil)
	q := made(t, s.CreateQueue, roster.Queue{Name: roster.Label{"en": "Q"}})
	must := made(t, s.CreateTransactionList, roster.TransactionList{Name: roster.Label{"en": "Outcome"}, Required: true})
	may := made(t, s.CreateTransactionList, roster.TransactionList{Name: roster.Label{"en": "Topic"}, Many: true, Queues: []gateway.QueueID{q.ID}})
	add := func(list roster.ListID, parent gateway.CodeID) gateway.CodeID {
		return made(t, s.CreateTransactionCode, roster.TransactionCode{List: list, Parent: parent, Name: roster.Label{"en": "x"}}).ID
	}
	solved, open := add(must.ID, 0), add(must.ID, 0)
	parent := add(may.ID, 0)
	a, b := add(may.ID, parent), add(may.ID, parent)
	for _, c := range []struct {
		queue gateway.QueueID
		codes []gateway.CodeID
		want  string
	}{
		{q.ID, nil, "code_required"},
		{q.ID, []gateway.CodeID{solved}, "<nil>"},
		{q.ID, []gateway.CodeID{solved, open}, "one_code_only"},
		{q.ID, []gateway.CodeID{solved, a, b}, "<nil>"},
		{q.ID, []gateway.CodeID{solved, parent}, "unknown_code"},
		{q.ID + 1, []gateway.CodeID{solved, a}, "unknown_code"},
		{q.ID, []gateway.CodeID{solved, 999}, "unknown_code"},
		{q.ID, []gateway.CodeID{999}, "unknown_code"},
	} {
		if got := code(s.CheckTransactionCodes(ctx, c.queue, c.codes)); got != c.want {
			t.Errorf("queue %d, codes %v: got %s want %s", c.queue, c.codes, got, c.want)
		}
	}
	if _, err := s.CreateTransactionCode(ctx, roster.TransactionCode{List: may.ID, Parent: a, Name: roster.Label{"en": "x"}}); code(err) != "bad_parent" {
		t.Errorf("third level: got %v want bad_parent", err)
	}
}

// TestConstraintsInWords: a refusal of the schema names what it is about, not itself.
func TestConstraintsInWords(t *testing.T) {
	s := roster.New(pgtest.New(t), nil)
	a := made(t, s.CreateAgent, roster.Agent{Name: "Anna"})
	for about, err := range map[string]error{
		"such queue": s.SetMembership(t.Context(), a.ID, gateway.Membership{Queue: 999}),
		"such agent": s.SetSkill(t.Context(), 999, gateway.SkillLevel{Skill: made(t, s.CreateSkill, roster.Skill{Name: "Tyska"}).ID, Level: 3}),
		"such skill": s.SetSkill(t.Context(), a.ID, gateway.SkillLevel{Skill: 999, Level: 3}),
		"1 to 5":     s.SetSkill(t.Context(), a.ID, gateway.SkillLevel{Skill: 999, Level: 6}),
	} {
		if said := fmt.Sprint(err); !strings.Contains(said, about) || strings.Contains(said, "_fkey") || strings.Contains(said, "_check") {
			t.Errorf("got %v, want words about %s", err, about)
		}
	}
}

func TestNewPhonesKeepVerification(t *testing.T) {
	ctx, s := t.Context(), roster.New(pgtest.New(t), nil)
	a := made(t, s.CreateAgent, roster.Agent{Name: "Anna", Phones: []roster.Phone{
		{Kind: roster.PhonePSTN, Address: "+46701740605"}, {Kind: roster.PhoneSIP, Address: "sip:anna@pbx.example"},
	}})
	if err := s.PhoneVerified(ctx, a.ID, a.Phones[0].ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	set := func(phones ...roster.Phone) ([]roster.Phone, error) {
		now, err := s.Agent(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		now.Phones = phones
		now, err = s.UpdateAgent(ctx, now)
		return now.Phones, err
	}
	phones, err := set(roster.Phone{Kind: roster.PhoneSIP, Address: "201@192.0.2.10:5070"}, roster.Phone{Kind: roster.PhonePSTN, Address: "0046 70 174 06 05"})
	if err != nil || len(phones) != 2 || phones[0].Address != "sip:201@192.0.2.10:5070" || phones[1].VerifiedAt == nil {
		t.Errorf("got %+v, %v want the SIP phone first and the number still verified", phones, err)
	}
	if _, err := set(roster.Phone{Kind: roster.PhoneSIP, Address: "anna"}); code(err) != "bad_sip_uri" {
		t.Errorf("bad address: got %v want bad_sip_uri", err)
	}
	if phones, err = set(); err != nil || len(phones) != 0 {
		t.Errorf("no phones: got %+v, %v", phones, err)
	}
}

// Who is known is called and works where whole agents say so; who has left works nowhere.
func TestKnown(t *testing.T) {
	s := roster.New(pgtest.New(t), nil)
	ctx := t.Context()
	var queues [2]gateway.QueueID
	for i := range queues {
		q, err := s.CreateQueue(ctx, roster.Queue{Name: roster.Label{"sv": fmt.Sprint("Kö ", i)}})
		if err != nil {
			t.Fatal(err)
		}
		queues[i] = q.ID
	}
	in := []gateway.Membership{{Queue: queues[1], Enabled: true, Level: 2}, {Queue: queues[0], Enabled: true, Level: 1}}
	want := map[gateway.AgentID]roster.Known{}
	for _, a := range []roster.Agent{
		{Name: "Anna", Language: "sv", Memberships: in},
		{Name: "Bo", Language: "en"},
		{Name: "Cilla", Memberships: []gateway.Membership{{Queue: queues[0], Level: 2}}},
		{Name: "Dag", Memberships: in},
	} {
		a, err := s.CreateAgent(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		k := roster.Known{ID: a.ID, Name: a.Name, Language: a.Language, Active: true}
		switch a.Name {
		case "Anna":
			k.Queues = []gateway.QueueID{queues[0], queues[1]}
		case "Dag":
			a.Active, k.Active = false, false
			if _, err := s.UpdateAgent(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
		want[a.ID] = k
	}
	list, err := s.Known(ctx)
	got := map[gateway.AgentID]roster.Known{}
	for _, k := range list {
		got[k.ID] = k
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
		t.Errorf("%v, want and got:\n%s", err, d)
	}
}
