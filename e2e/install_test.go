package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstallTellsOthersWhatToRun: on a machine without the peers, whoever is not root
// is told in one line what root must do, and nothing else happens.
func TestInstallTellsOthersWhatToRun(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	for name, text := range map[string]string{"id": "echo 1000", "apt-get": "exit 9", "dirname": "echo ."} {
		must(t, os.WriteFile(filepath.Join(path, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "./install.sh")
	cmd.Env = []string{"PATH=" + path}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "sudo apt-get install --no-install-recommends ") || !strings.Contains(string(out), " chromium-headless-shell ") {
		t.Errorf("got %v, %s", err, out)
	}
}

// TestTheDemoGoesOnWithoutATelephone: whoever is not root, or can't have it from Debian, is
// told what to do later; root gets it. None of them is held up.
func TestTheDemoGoesOnWithoutATelephone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ id, apt, want string }{
		"not root":  {"1000", "exit 9", "Later: sudo apt-get install"},
		"no Debian": {"0", "exit 100", "Later: sudo apt-get install"},
		"root":      {"0", `echo "$@" >>"$DESTDIR/asked"`, "Installing a telephone"},
	} {
		path, root := t.TempDir(), t.TempDir()
		for tool, text := range map[string]string{"id": "echo " + c.id, "apt-get": c.apt} {
			must(t, os.WriteFile(filepath.Join(path, tool), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
		}
		for _, tool := range []string{"dirname", "mkdir", "grep", "cp", "mv", "rm", "chmod"} {
			own, err := exec.LookPath(tool)
			must(t, err)
			must(t, os.Symlink(own, filepath.Join(path, tool)))
		}
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "../cmd/vaxel/phones.sh")
		cmd.Env = []string{"PATH=" + path, "DESTDIR=" + root}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: got %v, %s", name, err, out)
		}
		asked, err := os.ReadFile(filepath.Join(root, "asked"))
		if (name == "root") != (err == nil && strings.Contains(string(asked), "baresip-core")) || name == "root" && strings.Contains(string(out), "Later") {
			t.Errorf("%s: apt-get was asked for %q\n%s", name, asked, out)
		}
	}
}
