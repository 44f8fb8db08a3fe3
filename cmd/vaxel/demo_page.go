package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/look"
)

var (
	demoPages = template.Must(template.ParseFS(demoFiles, "demo/page.html"))
	demoTexts = mustTexts(demoFiles)
)

// mustTexts reads what the page says, by language.
func mustTexts(files embed.FS) map[string]map[string]string {
	data, err := files.ReadFile("demo/texts.json")
	texts := map[string]map[string]string{}
	if err = errors.Join(err, json.Unmarshal(data, &texts)); err != nil {
		panic(err) // it is part of the binary
	}
	return texts
}

// maxForm is how much a browser may send, in bytes: a text of 20,000 characters, encoded.
const maxForm = 512 << 10

// page is the customer's page, below /demo. It shows passwords, so it answers only to
// the names of this machine (no other site's name may lead to it) and takes forms only
// from itself.
func (d *demo) page() http.Handler {
	assets, err := fs.Sub(demoFiles, "demo")
	if err != nil {
		panic(err) // "demo" is a valid path
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo", d.servePage)
	mux.HandleFunc("GET /demo/mails", d.serveMails)
	mux.HandleFunc("POST /demo/mail", d.sendMail)
	mux.HandleFunc("GET /demo/assets/look.css", serveLook)
	mux.Handle("GET /demo/assets/", http.StripPrefix("/demo/assets/", onlyAssets(http.FileServerFS(assets))))
	guarded := http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(mux, maxForm))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "The demo answers at 127.0.0.1 and localhost only.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		guarded.ServeHTTP(w, r)
	})
}

// serveLook sends the style sheet that all pages of ours share.
func serveLook(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(look.Sheet()) // the reader may be gone
}

// onlyAssets serves what browsers load, and not the templates.
func onlyAssets(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch filepath.Ext(r.URL.Path) {
		case ".css", ".js", ".svg":
			files.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// demoView is what the page shows.
type demoView struct {
	Lang      string
	Langs     []langView
	T         map[string]string
	Widget    string
	Shop      string
	As        sampleCustomer
	Customers []sampleCustomer
	Threads   []threadView

	Subject, Text string // in the form
	Problem       string // why the mail was not sent
	Sent          bool

	AgentCommand, CallerCommand string
	CustomerNumber              string
	Numbers                     []numberView
	Files                       []fileView
	People                      []personView
	SMTP, IMAP, MailPassword    string
}

type langView struct {
	Code, Name string
	Here       bool
}

type numberView struct{ Shown, About, Command string }

type fileView struct{ Path, Text string }

type personView struct{ Name, Login, Password, About string }

type copyView struct{ Text, Label, Done string }

// Copy is a text with a button that copies it.
func (v demoView) Copy(text string) copyView { return copyView{text, v.T["copy"], v.T["copied"]} }

// viewOf fills in what does not change while the demo runs.
func (d *demo) viewOf(r *http.Request) (demoView, error) {
	lang := demoLanguage(r)
	v := demoView{
		Lang: lang, T: demoTexts[lang], Widget: widgetKey, Shop: shopAddress, As: sampleCustomers[0], Customers: sampleCustomers,
		Subject: demoTexts[lang]["sample_subject"], Text: demoTexts[lang]["sample_text"],
		AgentCommand: "baresip -f " + d.phoneDir(agentPhone), CallerCommand: "baresip -f " + d.phoneDir(callerPhone),
		CustomerNumber: customerNumber, SMTP: local(d.memory.SMTP), IMAP: local(d.memory.IMAP), MailPassword: d.memory.MailPassword,
	}
	for _, c := range sampleCustomers {
		if c.Key == r.FormValue("as") {
			v.As = c
		}
	}
	for code, name := range map[string]string{"sv": "Svenska", "en": "English"} {
		v.Langs = append(v.Langs, langView{code, name, code == lang})
	}
	slices.SortFunc(v.Langs, func(a, b langView) int { return strings.Compare(b.Code, a.Code) })
	for _, n := range sampleNumbers {
		v.Numbers = append(v.Numbers, numberView{n.shown, n.about.In(lang), fmt.Sprintf("%s -e '/dial %s'", v.CallerCommand, n.number)})
	}
	for _, p := range samplePeople {
		v.People = append(v.People, personView{p.name, p.login, d.memory.Logins[p.login], p.about.In(lang)})
	}
	var err error
	if v.Files, err = d.phoneFiles(); err != nil {
		return v, err
	}
	v.Threads, err = d.threads(v.As, lang)
	return v, err
}

// phoneFiles are the settings of the two telephones as they are meant for a desktop.
func (d *demo) phoneFiles() ([]fileView, error) {
	var files []fileView
	for _, p := range d.demoPhones() {
		if p.Headless {
			continue
		}
		for _, name := range []string{"accounts", "config"} {
			text, err := p.text(name)
			if err != nil {
				return nil, err
			}
			files = append(files, fileView{filepath.Join(p.Dir, name), text})
		}
	}
	return files, nil
}

// demoLanguage is the asked one, else what the browser prefers, else Swedish.
func demoLanguage(r *http.Request) string {
	known := slices.Collect(maps.Keys(demoTexts))
	if lang := r.FormValue("lang"); slices.Contains(known, lang) {
		return lang
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		base, _, _ := strings.Cut(strings.TrimSpace(part), "-")
		base, _, _ = strings.Cut(base, ";")
		if slices.Contains(known, base) {
			return base
		}
	}
	return "sv"
}

func (d *demo) servePage(w http.ResponseWriter, r *http.Request) {
	v, err := d.viewOf(r)
	if err != nil {
		d.broken(w, err)
		return
	}
	v.Sent = r.FormValue("sent") != ""
	d.render(w, http.StatusOK, "page", v)
}

// serveMails is the inbox alone. Its tag changes when the inbox does.
func (d *demo) serveMails(w http.ResponseWriter, r *http.Request) {
	v, err := d.viewOf(r)
	if err != nil {
		d.broken(w, err)
		return
	}
	var b bytes.Buffer
	if err := demoPages.ExecuteTemplate(&b, "mails", v); err != nil {
		d.broken(w, err)
		return
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b.Bytes()) // never fails
	tag := fmt.Sprintf(`"%x"`, sum.Sum64())
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the reader may be gone
}

func (d *demo) render(w http.ResponseWriter, status int, name string, v demoView) {
	var b bytes.Buffer
	if err := demoPages.ExecuteTemplate(&b, name, v); err != nil {
		d.broken(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader may be gone
}

func (d *demo) broken(w http.ResponseWriter, err error) {
	d.log.Error("demo page not served", "err", err)
	http.Error(w, "The page could not be made; the log says why. Try again.", http.StatusInternalServerError)
}
