package tickets_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/tickets"
)

// TestRelated: the reasons, their order, and what is no reason.
func TestRelated(t *testing.T) {
	r := open(t)
	begin := func(from, subject string) gateway.CaseID {
		id, _ := r.join(t, mail(from, subject), 0)
		return id
	}
	one := begin("anna@example.se", "Re: Trasig kedja [#1001]")
	own := begin("anna@example.se", "Annat")
	both := begin("anna@example.se", "trasig KEDJA igen")
	alike := begin("bo@example.se", "Sv: Kedja, trasig")
	begin("bo@example.se", "kedja")
	linked := begin("ceo@example.se", "Helt annat")
	r.tx(t, exec(t, "update support_case set last_activity_at = now()"))
	old := begin("dan@example.se", "Trasig kedja")
	r.tx(t, exec(t, "update support_case set last_activity_at = now() - interval '100 days' where id = %d", old))

	list, err := r.Related(t.Context(), one, []gateway.CaseID{linked})
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c.ID, c.Because))
	}
	want := []string{
		fmt.Sprint(linked, []tickets.Because{tickets.BecauseReference}),
		fmt.Sprint(both, []tickets.Because{tickets.BecauseCustomer, tickets.BecauseSubject}),
		fmt.Sprint(own, []tickets.Because{tickets.BecauseCustomer}),
		fmt.Sprint(alike, []tickets.Because{tickets.BecauseSubject}),
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v want %v", got, err, want)
	}
	if _, err := r.Related(t.Context(), 999, nil); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("of no case: got %v", err)
	}
}

// TestFill: what is empty may be said otherwise, and values are no markup.
func TestFill(t *testing.T) {
	values := map[string]string{"customer.name": "<Åsa> & Co", "case.number": "1042"}
	for _, test := range []struct{ got, want string }{
		{tickets.Fill("Hej {{customer.name}}! {{ case.number }}{{customer.company}}", values), "Hej <Åsa> & Co! 1042"},
		{tickets.Fill("Hej {{customer.company|du och <jag>}}", values), "Hej du och <jag>"},
		{tickets.FillHTML("<p>{{customer.name}}</p>{{customer.company|<b>du</b>}}", values, nil), "<p>&lt;Åsa&gt; &amp; Co</p>&lt;b&gt;du&lt;/b&gt;"},
		{tickets.FillHTML("{{agent.signature}}", values, map[string]string{"agent.signature": "<b>A</b>"}), "<b>A</b>"},
		{tickets.Fill("{ {customer.name} }} {{}", values), "{ {customer.name} }} {{}"},
	} {
		if test.got != test.want {
			t.Errorf("got %q want %q", test.got, test.want)
		}
	}
	for text, near := range map[string]string{"{{kund.namn}}": "", "{{agent.nam}}": "agent.name", "{{case.no}}": "case.number", "{{}}": "", "{{Customer.Name}}": "customer.name"} {
		err := tickets.CheckVariables("fine {{agent.name}}", text)
		if code(err) != "unknown_variable" {
			t.Errorf("%s: got %v", text, err)
		}
		if refusal, ok := errors.AsType[*gateway.Error](err); ok && near != "" && refusal.Data.(map[string]string)["nearest"] != near {
			t.Errorf("%s: got %v want %s", text, refusal.Data, near)
		}
	}
}

func exec(t *testing.T, sql string, args ...any) func(pgx.Tx) error {
	t.Helper()
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), fmt.Sprintf(sql, args...))
		return err
	}
}
