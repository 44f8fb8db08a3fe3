package email

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"
)

// LeavePath is where the links of our automatic mails lead: a token follows.
const LeavePath = "/m/leave/"

// Leave serves those links. RFC 8058 §3.2: a mail program POSTs, without cookies, and is answered
// at once. A GET only asks: programs that look into mails for viruses follow every link (§1).
func (e *Email) Leave() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+LeavePath+"{token}", func(w http.ResponseWriter, r *http.Request) {
		if _, address, ok := e.token.ofLeave(r.PathValue("token")); ok {
			e.showLeave(w, r, http.StatusOK, leavePage{Address: address, Ask: true})
			return
		}
		e.showLeave(w, r, http.StatusNotFound, leavePage{})
	})
	mux.HandleFunc("POST "+LeavePath+"{token}", e.leave)
	return mux
}

// leave is for whoever has the token: it was mailed to the address alone.
func (e *Email) leave(w http.ResponseWriter, r *http.Request) {
	_, address, ok := e.token.ofLeave(r.PathValue("token"))
	if !ok {
		e.showLeave(w, r, http.StatusNotFound, leavePage{})
		return
	}
	ctx := r.Context()
	err := pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
		_, err := e.Unsubscribe(ctx, tx, address, ByLink)
		return err
	})
	if err != nil {
		e.log.Warn("somebody who wants no automatic mail is not noted", "err", err)
		w.Header().Set("Retry-After", "5") // s; RFC 9110 §10.2.3
		e.showLeave(w, r, http.StatusServiceUnavailable, leavePage{Address: address, Ask: true, Again: true})
		return
	}
	e.showLeave(w, r, http.StatusOK, leavePage{Address: address})
}

// leavePage is what the page says.
type leavePage struct {
	Address string // empty: the link is none of ours
	Ask     bool   // nothing has been done yet
	Again   bool   // though it was asked for
	Lang    string
	Words   leaveWords
}

type leaveWords struct{ Title, Ask, Button, Done, Again, Wrong string }

var leaveIn = map[string]leaveWords{
	"en": {
		"Automatic mail", "Shall we no longer send automatic mail, such as confirmations that your mail has come, to this address?",
		"No more automatic mail", "We send no more automatic mail to this address. Whoever answers you here still does.",
		"That did not work. Please try again in a moment.", "This link is not whole. Open it from the mail once more, or write to us.",
	},
	"sv": {
		"Automatiska mejl", "Ska vi sluta skicka automatiska mejl, som bekräftelser på att ditt mejl har kommit, till den här adressen?",
		"Inga fler automatiska mejl", "Vi skickar inga fler automatiska mejl till den här adressen. Svar från oss får du som förut.",
		"Det gick inte. Försök igen om en stund.", "Länken är inte hel. Öppna den från mejlet en gång till, eller skriv till oss.",
	},
}

var leaveTemplate = template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{{.Words.Title}}</title>
<link rel="stylesheet" href="/help/assets/look.css">
<main style="max-width: 36rem; margin: 4rem auto; padding: 0 1rem">
<h1>{{.Words.Title}}</h1>
{{if not .Address}}<p>{{.Words.Wrong}}</p>
{{else}}<p><strong>{{.Address}}</strong></p>
{{if .Again}}<p role="alert">{{.Words.Again}}</p>{{end}}
{{if .Ask}}<p>{{.Words.Ask}}</p>
<form method="post"><button name="List-Unsubscribe" value="One-Click">{{.Words.Button}}</button></form>
{{else}}<p role="status">{{.Words.Done}}</p>
{{end}}{{end}}</main>
</html>
`))

// showLeave writes the page, which carries nothing and is kept by nobody.
func (e *Email) showLeave(w http.ResponseWriter, r *http.Request, status int, p leavePage) {
	p.Lang = e.languageOf(r)
	p.Words = leaveIn[p.Lang]
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address is in ours
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = leaveTemplate.Execute(w, p) // the reader may be gone
}

// languageOf is the first of the reader's languages that we speak, else the house's.
func (e *Email) languageOf(r *http.Request) string {
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ = strings.Cut(strings.TrimSpace(tag), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if _, ok := leaveIn[tag]; ok {
			return tag
		}
	}
	if _, ok := leaveIn[e.speaks]; ok {
		return e.speaks
	}
	return "en"
}
