package api

import (
	"cmp"
	"context"
	"errors"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type useMacroIn struct {
	ID    gateway.InteractionID `path:"id"`
	Macro gateway.CaseID        `path:"macro"`
}

type signatureIn struct {
	Body tickets.Words
}

type queueSignatureIn struct {
	ID gateway.QueueID `path:"id"`
}

type setQueueSignatureIn struct {
	ID   gateway.QueueID `path:"id"`
	Body tickets.Words
}

// Filled is a macro with this customer's values in place of its variables.
type Filled struct {
	tickets.Words

	Articles []gateway.ArticleCard `json:"articles" nullable:"false" doc:"Whose links stand in the text"`
	Gone     []gateway.ArticleID   `json:"gone,omitempty" doc:"Articles of the macro that are not public any more: the text is without them"`
	Codes    []gateway.CodeID      `json:"codes" nullable:"false" doc:"Transaction codes to finish with"`
	Case     Case                  `json:"case" doc:"As it is now"`
}

func (s *Server) registerWords() {
	agent, admin := gateway.RoleAgent, gateway.RoleAdministrator
	at := "/interactions/{id}/macros/{macro}"
	add(s, operation{Method: http.MethodGet, Path: at, ID: "read-macro", Summary: "What a macro says to this customer; nothing is done", Role: agent}, s.readMacro)
	add(s, operation{Method: http.MethodPost, Path: at, ID: "use-macro", Summary: "Do to the case what a macro does, and get its text", Role: agent}, s.useMacro)
	add(s, operation{Method: http.MethodGet, Path: "/interactions/{id}/signature", ID: "read-signature", Summary: "What your mails from here end with, as they are sent with sign", Role: agent}, s.readSignature)
	add(s, operation{Method: http.MethodGet, Path: "/me/signature", ID: "get-signature", Summary: "Your own signature, with its variables", Role: agent}, s.mySignature)
	add(s, operation{Method: http.MethodPut, Path: "/me/signature", ID: "set-signature", Summary: "Set your own signature", Role: agent}, s.setMySignature)
	add(s, operation{Method: http.MethodGet, Path: "/admin/queues/{id}/signature", ID: "admin-get-signature", Summary: "A queue's signature, with its variables", Role: admin}, s.queueSignature)
	add(s, operation{Method: http.MethodPut, Path: "/admin/queues/{id}/signature", ID: "admin-set-signature", Summary: "Set what mails from a queue end with; {{agent.signature}} is the agent's own", Role: admin}, s.setQueueSignature)
}

func (s *Server) readMacro(ctx context.Context, by access.Caller, in *useMacroIn) (Filled, error) {
	i, m, err := s.macroFor(ctx, by, in)
	if err != nil {
		return Filled{}, err
	}
	c, err := s.Cases.Case(ctx, i.Case)
	if err != nil {
		return Filled{}, err
	}
	return s.filled(ctx, by, i, m, c)
}

// useMacro changes the case and gives the text, which is said by whoever used it. Used twice
// it changes nothing more.
func (s *Server) useMacro(ctx context.Context, by access.Caller, in *useMacroIn) (Filled, error) {
	if err := needAgent(by); err != nil {
		return Filled{}, err
	}
	i, m, err := s.macroFor(ctx, by, in)
	if err != nil {
		return Filled{}, err
	}
	var c tickets.Case
	err = s.commit(ctx, func(w *work) (err error) {
		if c, err = w.cases().Case(ctx, i.Case); err != nil || !m.Changes() {
			return err
		}
		if c, err = w.updateCase(ctx, c.State, m.On(c)); err != nil {
			return err
		}
		return w.audit(ctx, by, "macro.used", "case:"+c.ID.String(), map[string]any{"macro": strconv.FormatInt(m.ID, 10)})
	})
	if err != nil {
		return Filled{}, err
	}
	return s.filled(ctx, by, i, m, c)
}

func (s *Server) macroFor(ctx context.Context, by access.Caller, in *useMacroIn) (i gateway.Interaction, m tickets.Macro, err error) {
	if i, err = s.Floor.Interaction(ctx, in.ID); err != nil {
		return i, m, err
	}
	m, err = s.Cases.Macro(ctx, by.Agent, int64(in.Macro))
	return i, m, err
}

// filled is the macro's text for this customer, with the links of its articles below. An
// article that is gone is no refusal: the case may have been changed already.
func (s *Server) filled(ctx context.Context, by access.Caller, i gateway.Interaction, m tickets.Macro, c tickets.Case) (out Filled, err error) {
	out.Articles, out.Codes = []gateway.ArticleCard{}, orEmpty(m.Codes)
	if out.Case, err = s.caseView(ctx, s.language(ctx, by), c); err != nil {
		return out, err
	}
	v, err := s.values(ctx, by, i.Queue, c)
	if err != nil {
		return out, err
	}
	if out.Words, err = s.fill(ctx, by, m.Words, v); err != nil {
		return out, err
	}
	for _, id := range m.Articles {
		card, err := s.publicCard(ctx, id, cmp.Or(v.language, s.language(ctx, by)))
		if errors.Is(err, gateway.ErrNotFound) {
			out.Gone = append(out.Gone, id)
			continue
		}
		if err != nil {
			return out, err
		}
		out.Articles = append(out.Articles, card)
		out.Words = linkBelow(out.Words, card)
	}
	return out, nil
}

// publicCard is an article's link before it is given to anybody: that it was, is known when
// the text is sent.
func (s *Server) publicCard(ctx context.Context, id gateway.ArticleID, language string) (gateway.ArticleCard, error) {
	a, err := s.Articles.Read(ctx, id, language)
	if err == nil && a.URL == "" {
		err = gateway.NotFound("no_public_article", "this article is not public, so customers can not get it; write the answer in your own words")
	}
	return gateway.ArticleCard{Article: a.ID, Number: a.Number, Language: a.Language, Title: a.Title, Snippet: a.Snippet, URL: a.URL}, err
}

// values are what stands in place of variables.
type values struct {
	of       map[string]string
	language string // of the customer, empty if nobody knows
}

func (s *Server) values(ctx context.Context, by access.Caller, queue gateway.QueueID, c tickets.Case) (v values, err error) {
	v.of = map[string]string{"agent.name": by.Name, "agent.first_name": firstName(by.Name), "case.subject": c.Subject}
	if c.Number != 0 {
		v.of["case.number"] = strconv.FormatInt(c.Number, 10)
	}
	if c.Customer != 0 {
		who, err := s.Cases.Customer(ctx, c.Customer)
		if err != nil {
			return v, err
		}
		v.language = who.Language
		v.of["customer.name"], v.of["customer.first_name"], v.of["customer.company"] = who.Name, firstName(who.Name), who.Company
		for _, a := range who.Addresses {
			if a.Kind != gateway.AddressVisitor {
				v.of["customer.address"] = a.Value
				break
			}
		}
	}
	names, err := s.names.Get(ctx)
	if queue != 0 {
		v.of["queue.name"] = names.Queue(queue, cmp.Or(v.language, s.Language))
	}
	return v, err
}

func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}

// fill puts the values in, the agent's own signature too where it is named.
func (s *Server) fill(ctx context.Context, by access.Caller, w tickets.Words, v values) (tickets.Words, error) {
	if !strings.Contains(w.Text+w.HTML, "agent.signature") {
		return tickets.Words{Text: tickets.Fill(w.Text, v.of), HTML: tickets.FillHTML(w.HTML, v.of, nil)}, nil
	}
	own, err := s.Cases.Signature(ctx, tickets.SignatureOfAgent, int64(by.Agent))
	if err != nil {
		return w, err
	}
	sign := tickets.Words{Text: tickets.Fill(own.Text, v.of), HTML: tickets.FillHTML(own.HTML, v.of, nil)}
	markup := map[string]string{"agent.signature": cmp.Or(sign.HTML, asHTML(sign.Text))}
	v.of["agent.signature"] = sign.Text
	return tickets.Words{Text: tickets.Fill(w.Text, v.of), HTML: tickets.FillHTML(w.HTML, v.of, markup)}, nil
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)

// asHTML is a text as it was typed; addresses in it are links.
func asHTML(text string) string {
	var out strings.Builder
	at := 0
	for _, m := range webAddress.FindAllStringIndex(text, -1) {
		link := html.EscapeString(text[m[0]:m[1]])
		out.WriteString(html.EscapeString(text[at:m[0]]) + `<a href="` + link + `">` + link + `</a>`)
		at = m[1]
	}
	out.WriteString(html.EscapeString(text[at:]))
	return strings.ReplaceAll(out.String(), "\n", "<br>")
}

// linkBelow puts an article's link under words; as HTML its title is the link.
func linkBelow(w tickets.Words, card gateway.ArticleCard) tickets.Words {
	out := below(tickets.Words{Text: w.Text}, tickets.Words{Text: card.Title + "\n" + card.URL}, "")
	out.Text = strings.TrimLeft(out.Text, "\n")
	if w.HTML != "" {
		out.HTML = w.HTML + `<p><a href="` + html.EscapeString(card.URL) + `">` + html.EscapeString(card.Title) + `</a></p>`
	}
	return out
}

// below puts words under others, as HTML too if either of them has any.
func below(w, more tickets.Words, between string) tickets.Words {
	out := tickets.Words{Text: strings.TrimRight(w.Text, "\n") + "\n\n" + between + more.Text}
	if w.HTML != "" || more.HTML != "" {
		out.HTML = cmp.Or(w.HTML, asHTML(w.Text)) + gapAfter(w.HTML) + asHTML(between) + cmp.Or(more.HTML, asHTML(more.Text))
	}
	return out
}

// gapAfter is an empty line, unless the HTML ends with what keeps its distance by itself.
func gapAfter(markup string) string {
	for _, end := range []string{"</p>", "</ul>", "</ol>", "</blockquote>", "</h3>"} {
		if strings.HasSuffix(markup, end) {
			return ""
		}
	}
	return "<br><br>"
}

// signature is what a mail ends with: the queue's, else the agent's own.
func (s *Server) signature(ctx context.Context, by access.Caller, queue gateway.QueueID, c tickets.Case) (tickets.Words, error) {
	w, err := s.Cases.Signature(ctx, tickets.SignatureOfQueue, int64(queue))
	if err == nil && w == (tickets.Words{}) {
		w, err = s.Cases.Signature(ctx, tickets.SignatureOfAgent, int64(by.Agent))
	}
	if err != nil || w == (tickets.Words{}) {
		return w, err
	}
	v, err := s.values(ctx, by, queue, c)
	if err != nil {
		return w, err
	}
	return s.fill(ctx, by, w, v)
}

// signedBelow puts the signature under a mail, behind the line that mail programs know one by.
func (s *Server) signedBelow(ctx context.Context, by access.Caller, queue gateway.QueueID, c tickets.Case, w tickets.Words) (tickets.Words, error) {
	signature, err := s.signature(ctx, by, queue, c)
	if err != nil || signature == (tickets.Words{}) {
		return w, err
	}
	return below(w, signature, "-- \n"), nil // RFC 3676 §4.3
}

// signedFor is signedBelow for a mail of an interaction.
func (s *Server) signedFor(ctx context.Context, by access.Caller, i gateway.Interaction, sign bool, w tickets.Words) (tickets.Words, error) {
	if !sign {
		return w, nil
	}
	c, err := s.Cases.Case(ctx, i.Case)
	if err != nil {
		return w, err
	}
	return s.signedBelow(ctx, by, i.Queue, c, w)
}

func (s *Server) readSignature(ctx context.Context, by access.Caller, in *answeringIn) (tickets.Words, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return tickets.Words{}, err
	}
	c, err := s.Cases.Case(ctx, i.Case)
	if err != nil {
		return tickets.Words{}, err
	}
	return s.signature(ctx, by, i.Queue, c)
}

func (s *Server) mySignature(ctx context.Context, by access.Caller, _ *none) (tickets.Words, error) {
	if err := needAgent(by); err != nil {
		return tickets.Words{}, err
	}
	return s.Cases.Signature(ctx, tickets.SignatureOfAgent, int64(by.Agent))
}

func (s *Server) setMySignature(ctx context.Context, by access.Caller, in *signatureIn) (tickets.Words, error) {
	if err := needAgent(by); err != nil {
		return tickets.Words{}, err
	}
	return s.Cases.SetSignature(ctx, tickets.SignatureOfAgent, int64(by.Agent), in.Body)
}

func (s *Server) queueSignature(ctx context.Context, _ access.Caller, in *queueSignatureIn) (tickets.Words, error) {
	if _, err := s.Roster.Queue(ctx, in.ID); err != nil {
		return tickets.Words{}, err
	}
	return s.Cases.Signature(ctx, tickets.SignatureOfQueue, int64(in.ID))
}

func (s *Server) setQueueSignature(ctx context.Context, by access.Caller, in *setQueueSignatureIn) (w tickets.Words, err error) {
	if _, err := s.Roster.Queue(ctx, in.ID); err != nil {
		return w, err
	}
	err = s.commit(ctx, func(x *work) (err error) {
		if w, err = x.cases().SetSignature(ctx, tickets.SignatureOfQueue, int64(in.ID), in.Body); err != nil {
			return err
		}
		return x.audit(ctx, by, "signature.set", "queue:"+in.ID.String(), nil)
	})
	return w, err
}
