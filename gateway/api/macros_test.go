package api_test

import (
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAMacroSaysAndDoes: the server fills in the customer's values, changes the case and gives
// the codes to finish with; used twice it changes nothing more.
func TestAMacroSaysAndDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, s := h.as(t, "admin"), h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja <3"})
	i := s.takeOf(got.Case.String())
	macro := admin.post("/admin/macros", m{
		"name": "Återköp", "text": "Hej {{customer.first_name|kund}} på {{customer.company|ditt företag}}!\n#{{case.number}} {{case.subject}}\n{{agent.name}}, {{queue.name}}",
		"html":     "<p>Hej {{ customer.name }}</p><p>{{case.subject}}</p>",
		"articles": []string{"1"}, "state": "pending", "queue": h.invoices, "tags": []string{"Retur"}, "codes": []string{h.solved.String()},
	}, 201)
	at := "/interactions/" + i["id"].(string) + "/macros/" + macro["id"].(string)

	read := s.get(at)
	if c := read["case"].(m); c["state"] != "open" || len(c["tags"].([]any)) != 0 {
		t.Errorf("reading a macro did something: %v", c)
	}
	number := caseNumber(s.get("/cases/" + got.Case.String()))
	want := "Hej Alva på ditt företag!\n#" + number + " Kedja <3\nAnna, Support\n\nÅterköp\nhttps://help.example/11"
	if read["text"] != want {
		t.Errorf("got %q want %q", read["text"], want)
	}
	if want := "<p>Hej Alva Ek</p><p>Kedja &lt;3</p><p><a href=\"https://help.example/11\">Återköp</a></p>"; read["html"] != want {
		t.Errorf("got %q want %q", read["html"], want)
	}
	for range 2 {
		used := s.post(at, nil, 200)
		c := used["case"].(m)
		if c["state"] != "pending" || c["queue"] != h.invoices.String() || len(c["tags"].([]any)) != 1 || c["tags"].([]any)[0] != "retur" {
			t.Errorf("the case became %v", c)
		}
		if codes := used["codes"].([]any); len(codes) != 1 || codes[0] != h.solved.String() || used["text"] != want {
			t.Errorf("got %v", used)
		}
	}
	h.audited(t, admin, "case:"+got.Case.String(), "Anna", "macro.used", "macro.used")
	// An article that is not public any more is left out, and said to be.
	h.exec(t, "update macro set articles = '{2,1}'")
	if used := s.post(at, nil, 200); used["text"] != want || len(used["articles"].([]any)) != 1 || len(used["gone"].([]any)) != 1 || used["gone"].([]any)[0] != "2" {
		t.Errorf("with an article that is gone: got %v", used)
	}
	s.refused("POST", "/interactions/"+i["id"].(string)+"/macros/999", nil, 404, "no_macro")
}

// TestAnUnknownVariableNamesTheNearest, and what does not exist is refused when it is kept.
func TestAnUnknownVariableNamesTheNearest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	for _, text := range []string{"Hej {{custumer.name}}", "Hej {{ customer.nam | du }}"} {
		p := admin.refused("POST", "/admin/macros", m{"name": "x", "text": text}, 400, "unknown_variable")
		if p["data"].(m)["nearest"] != "customer.name" || !strings.Contains(p["detail"].(string), "{{customer.name}}") {
			t.Errorf("got %v", p)
		}
	}
	admin.refused("POST", "/admin/macros", m{"name": "x", "text": "Hej", "html": "{{agent.nme}}"}, 400, "unknown_variable")
	admin.refused("POST", "/admin/macros", m{"name": "x", "text": " ", "html": "<p>Hej</p>"}, 400, "text_missing")
	admin.refused("PUT", "/admin/queues/"+h.support.String()+"/signature", m{"html": "<p>Hej</p>"}, 400, "text_missing")
	admin.refused("POST", "/admin/macros", m{"name": "x", "queue": "99"}, 404, "queue_not_found")
	admin.refused("POST", "/admin/macros", m{"name": "x", "queues": []string{"99"}}, 404, "queue_not_found")
	admin.refused("POST", "/admin/macros", m{"name": "x", "codes": []string{"99"}}, 404, "not_found")
	admin.refused("POST", "/admin/macros", m{"name": "x", "articles": []string{"2"}}, 404, "no_public_article")
	admin.refused("PUT", "/me/signature", m{"text": "{{agent.name}}"}, 403, "no_agent")
	h.as(t, "anna").refused("PUT", "/me/signature", m{"text": "{{agent.signature}}"}, 400, "signature_in_itself")
}

// TestMacrosAreEverybodysOrOnesOwn: an agent sees everybody's and their own, by queue, and
// changes only their own.
func TestMacrosAreEverybodysOrOnesOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, anna, bo := h.as(t, "admin"), h.as(t, "anna"), h.as(t, "bo")
	shared := admin.post("/admin/macros", m{"name": "Alla", "text": "a"}, 201)["id"].(string)
	admin.post("/admin/macros", m{"name": "Fakturor", "text": "f", "queues": []any{h.invoices}}, 201)
	own := anna.post("/macros", m{"name": "Min egen", "text": "e"}, 201)
	names := func(s *client, query string) (list []string) {
		for _, c := range items(s.get("/macros" + query)) {
			list = append(list, c["name"].(string))
		}
		return list
	}
	for _, test := range []struct {
		who   *client
		query string
		want  string
	}{
		{anna, "", "Alla Fakturor Min egen"},
		{bo, "", "Alla Fakturor"},
		{anna, "?queue=" + h.support.String(), "Alla Min egen"},
		{bo, "?queue=" + h.invoices.String(), "Alla Fakturor"},
	} {
		if got := strings.Join(names(test.who, test.query), " "); got != test.want {
			t.Errorf("got %q want %q", got, test.want)
		}
	}
	mine := "/macros/" + own["id"].(string)
	bo.refused("PUT", mine, m{"name": "Bos"}, 404, "no_macro")
	bo.refused("DELETE", mine, nil, 404, "no_macro")
	anna.refused("PUT", "/macros/"+shared, m{"name": "Annas"}, 404, "no_macro")
	anna.refused("POST", "/admin/macros", m{"name": "x"}, 403, "role_required")
	changed := anna.with("If-Match", "1").do("PUT", mine, m{"name": "Min"}, 200)
	if changed["rev"] != 2.0 || changed["own"] != true {
		t.Errorf("got %v", changed)
	}
	anna.with("If-Match", "1").refused("PUT", mine, m{"name": "Min"}, 409, "stale")
	anna.delete(mine, 204)
	admin.delete("/admin/macros/"+shared, 204)
	h.audited(t, admin, "macro:"+shared, "Admin", "macro.dropped", "macro.created")
}

// TestMailsAreSigned by the queue, in whose signature an agent's own may stand, else by the
// agent; and only if the mail asks for it.
func TestMailsAreSigned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, s := h.as(t, "admin"), h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	i := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	said := func(body m) (string, string) {
		e := s.post(i+"/reply", body, 201)
		return e["text"].(string), mailOf(t, e).HTML
	}
	if text, _ := said(m{"text": "Ja.", "sign": true}); text != "Ja." {
		t.Errorf("without signatures: got %q", text)
	}
	s.do("PUT", "/me/signature", m{"text": "{{agent.first_name}} & co", "html": "<b>{{agent.name}}</b>"}, 200)
	if _, html := said(m{"text": "Se https://nordvind.example/retur.", "sign": true}); html != `Se <a href="https://nordvind.example/retur">https://nordvind.example/retur</a>.<br><br>-- <br><b>Anna</b>` {
		t.Errorf("an address beside a signature with looks: got %q", html)
	}
	if text, html := said(m{"text": "Ja.", "sign": true}); text != "Ja.\n\n-- \nAnna & co" || html != "Ja.<br><br>-- <br><b>Anna</b>" {
		t.Errorf("her own: got %q %q", text, html)
	}
	admin.do("PUT", "/admin/queues/"+h.support.String()+"/signature", m{"text": "{{agent.signature}}\n{{queue.name}}"}, 200)
	if text, html := said(m{"text": "Ja.", "html": "<p>Ja.</p>", "sign": true}); text != "Ja.\n\n-- \nAnna & co\nSupport" || html != "<p>Ja.</p>-- <br>Anna &amp; co<br>Support" {
		t.Errorf("the queue's: got %q %q", text, html)
	}
	if text, _ := said(m{"text": "Ja."}); text != "Ja." {
		t.Errorf("unasked: got %q", text)
	}
	if w := s.get(i + "/signature"); w["text"] != "Anna & co\nSupport" {
		t.Errorf("shown: got %v", w)
	}
	written := s.post("/mails", m{"subject": "Hej", "text": "Hej!", "to": to, "queue": h.support, "sign": true}, 201)
	if text := written["entry"].(m)["text"]; text != "Hej!\n\n-- \nAnna & co\nSupport" {
		t.Errorf("a first mail: got %q", text)
	}
	h.audited(t, admin, "queue:"+h.support.String(), "Admin", "signature.set")
}
