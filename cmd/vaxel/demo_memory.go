package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// demoMemory is what a demo has chosen once and keeps: demo.json in the data directory,
// readable by its owner only. Deleting it gives new ports and passwords.
type demoMemory struct {
	path  string
	fresh bool // no demo.json was there

	Listen       int               `json:"listen"`
	IMAP         int               `json:"imap"`
	SMTP         int               `json:"smtp"`
	SIP          int               `json:"sip"`
	AgentPhone   int               `json:"agent_phone"`
	CallerPhone  int               `json:"caller_phone"`
	MailPassword string            `json:"mail_password"`
	Logins       map[string]string `json:"logins"`          // name → password
	Seeded       int               `json:"seeded"`          // the edition of the sample data that is wholly there
	Renew        bool              `json:"renew,omitempty"` // passwords that the database may hold are not these
}

const demoFile = "demo.json"

// loadDemoMemory reads the file. Passwords that it lacks are made, and are on disk
// before a login has them: a start that is cut short doesn't lose them.
func loadDemoMemory(dir string) (*demoMemory, error) {
	m := &demoMemory{path: filepath.Join(dir, demoFile), Logins: map[string]string{}}
	data, err := os.ReadFile(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.fresh, m.Renew = true, true
	case err != nil:
		return nil, fmt.Errorf("read what the demo has chosen: %w", err)
	default:
		if err := json.Unmarshal(data, m); err != nil {
			return nil, fmt.Errorf("read %s (delete it for new ports and passwords): %w", m.path, err)
		}
	}
	if m.MailPassword == "" {
		m.MailPassword = demoPassword()
	}
	for _, p := range samplePeople {
		if m.Logins[p.login] == "" {
			m.Logins[p.login] = demoPassword()
		}
	}
	return m, nil
}

// save has the file whole or as it was.
func (m *demoMemory) save() error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if was, err := os.ReadFile(m.path); err == nil && string(was) == string(data)+"\n" {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(m.path), ".demo-*") // open to its owner only
	if err != nil {
		return fmt.Errorf("keep what the demo has chosen: %w", err)
	}
	_, err = tmp.Write(append(data, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), m.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep what the demo has chosen: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

// demoPassword is easily typed: three groups of four, 60 bits.
func demoPassword() string {
	t := strings.ToLower(rand.Text())
	return t[:4] + "-" + t[4:8] + "-" + t[8:12]
}
