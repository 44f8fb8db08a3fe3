package main

import (
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// welcome says where to go, to a person who has just typed make run.
func (d *demo) welcome(out io.Writer) {
	url, m := d.config.publicURL(), d.memory
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...any) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, c)
		}
		fmt.Fprintln(w)
	}
	line(fmt.Sprintf("\n  Växel runs, after %.1f s.\n", time.Since(d.began).Seconds()))
	line("  Start here: the customer", url+"/demo")
	line("  The agents' console", url+"/")
	line("  The help centre", url+"/help/")
	line("")
	line("  Sign in as", "password")
	for _, p := range samplePeople {
		line("    "+p.login, m.Logins[p.login], p.about.In("en"))
	}
	line("")
	line("  Mail", fmt.Sprintf("SMTP 127.0.0.1:%d, IMAP 127.0.0.1:%d, any address, password %s", m.SMTP, m.IMAP, m.MailPassword))
	line("  Alva's telephone", "baresip -f "+d.phoneDir(agentPhone))
	line("  A customer's telephone", fmt.Sprintf("baresip -f %s -e '/dial %s'", d.phoneDir(callerPhone), sampleNumbers[0].number))
	line("  Without a sound card", "the same, of the directory with -headless behind its name: it says a tone and listens")
	if _, err := exec.LookPath("baresip"); err != nil {
		line("  Neither is here yet", "sudo apt-get install --no-install-recommends baresip-core")
	}
	line("")
	line(fmt.Sprintf("  Ctrl-C stops; your data stays in %s (log: %s).\n", d.config.DataDir, filepath.Base(demoLogFile(d.config))))
	_ = w.Flush() // a terminal that is gone needs no telling
}
