package voice_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each sound that is shipped is one that the script makes, of words that stand in it.
func TestTheScriptMakesEverySound(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{ // in place of the speaker and of what codes its sound
		"espeak-ng": "true",
		"sox":       `for file; do case "$file" in *.al) : >"$file" ;; esac; done`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/bash\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script, err := os.ReadFile("prompts/make.sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "make.sh"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(dir, "make.sh"))
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(sounds(t, "prompts"), sounds(t, dir)); diff != "" {
		t.Errorf("shipped (-) and made (+):\n%s", diff)
	}
}

func sounds(t *testing.T, dir string) (list []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".al") {
			list = append(list, f.Name())
		}
	}
	return list
}
