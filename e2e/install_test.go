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
	if err == nil || !strings.Contains(string(out), "sudo apt-get install --no-install-recommends ") || !strings.Contains(string(out), " chromium ") {
		t.Errorf("got %v, %s", err, out)
	}
}
