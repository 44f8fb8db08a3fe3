package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/vaxelhq/vaxel/channels/voice/wav"
)

//go:embed demo
var demoFiles embed.FS

var phoneTemplate = template.Must(template.ParseFS(demoFiles, "demo/baresip-*"))

// demoPhone is one telephone's settings for baresip, in a directory of their own.
type demoPhone struct {
	Dir      string // absolute
	URI      string
	Registry string // where Växel speaks SIP
	Listen   string
	RTP      string // range of ports, apart from Växel's and the other telephone's
	Headless bool   // without sound card: says a tone, writes down what it hears, answers by itself
	Hertz    int
	Modules  string // where this machine has baresip's modules
	Customer bool
}

const baresipModules = "/usr/lib/baresip/modules"

// demoPhones are the agent's telephone and the customer's, for a desktop and for a
// machine without sound.
func (d *demo) demoPhones() []demoPhone {
	var list []demoPhone
	for _, p := range []demoPhone{
		{URI: d.phoneURI(agentPhone), Listen: local(d.memory.AgentPhone), RTP: "41000-41998", Hertz: 660},
		{URI: d.phoneURI(callerPhone), Listen: local(d.memory.CallerPhone), RTP: "42000-42998", Hertz: 440, Customer: true},
	} {
		for _, headless := range []bool{false, true} {
			p.Dir = d.phoneDir(whichPhone(p.Customer))
			if p.Headless = headless; headless {
				p.Dir += "-headless"
			}
			p.Modules, p.Registry = moduleDir(), d.config.Voice.Listen
			list = append(list, p)
		}
	}
	return list
}

// phoneKind is which of the two telephones.
type phoneKind string

const (
	agentPhone  phoneKind = "agent"
	callerPhone phoneKind = "caller"
)

func whichPhone(customer bool) phoneKind {
	if customer {
		return callerPhone
	}
	return agentPhone
}

func (d *demo) phoneDir(which phoneKind) string {
	return filepath.Join(d.config.DataDir, "phones", string(which))
}

// phoneURI is where a telephone is rung. The customer's has the number for its user.
func (d *demo) phoneURI(which phoneKind) string {
	if which == callerPhone {
		return "sip:" + customerNumber + "@" + local(d.memory.CallerPhone)
	}
	return "sip:agent@" + local(d.memory.AgentPhone)
}

// dialPlan lets agents call the demo's customer, as the number is written in Sweden and
// from abroad, and nobody else.
func (d *demo) dialPlan() []DialRule {
	through, from := local(d.memory.CallerPhone), sampleNumbers[0].number
	return []DialRule{
		{Prefix: customerNumber, Through: through, From: from},
		{Prefix: "0" + strings.TrimPrefix(customerNumber, "+46"), Through: through, Strip: 1, Add: "+46", From: from},
	}
}

// moduleDir asks the places where distributions keep baresip's modules.
func moduleDir() string {
	found, err := filepath.Glob("/usr/lib/*/baresip/modules")
	if _, usual := os.Stat(baresipModules); usual == nil || err != nil || len(found) == 0 {
		return baresipModules
	}
	return found[0]
}

// writePhones writes the settings. A file that still fits is left alone: its owner may
// have chosen another sound card.
func (d *demo) writePhones() error {
	for _, p := range d.demoPhones() {
		if err := p.write(); err != nil {
			return fmt.Errorf("write the settings of the telephone %s: %w", p.Dir, err)
		}
	}
	return nil
}

func (p demoPhone) write() error {
	if err := os.MkdirAll(p.Dir, 0o755); err != nil { //nolint:gosec // baresip may run under another account
		return err
	}
	for name, mark := range map[string]string{"config": p.Listen, "accounts": p.account()} {
		path := filepath.Join(p.Dir, name)
		have, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(have), mark) {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		text, err := p.text(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // nothing secret
			return err
		}
	}
	if !p.Headless {
		return nil
	}
	return p.writeTone()
}

// account is the address that the telephone speaks as. Numbers that are dialled become
// addresses at Växel, which is why the host is not the telephone's own.
func (p demoPhone) account() string {
	user, _, _ := strings.Cut(p.URI, "@")
	return "<" + user + "@" + p.Registry + ">"
}

// text is the file of that name as baresip reads it.
func (p demoPhone) text(name string) (string, error) {
	var b bytes.Buffer
	err := phoneTemplate.ExecuteTemplate(&b, "baresip-"+name, map[string]any{"P": p, "Account": p.account()})
	return b.String(), err
}

// toneLasts is longer than any wait and voicemail: baresip hangs up when its file ends.
const toneLasts = 5 * 60 // seconds

// writeTone writes what a telephone without microphone says: half a second of tone in
// each second. A file that is whole is left alone.
func (p demoPhone) writeTone() error {
	path := filepath.Join(p.Dir, "tone.wav")
	const rate, bytesPerSample = 8000, 2
	if f, err := os.Stat(path); err == nil && f.Size() > toneLasts*rate*bytesPerSample {
		return nil
	}
	second := make([]int16, rate)
	for i := range rate / 2 {
		second[i] = int16(9000 * math.Sin(2*math.Pi*float64(p.Hertz*i)/rate))
	}
	tone := wav.Sound{Rate: rate, Channels: 1, Samples: slices.Repeat(second, toneLasts)}
	return os.WriteFile(path, tone.Bytes(), 0o644) //nolint:gosec // nothing secret
}
