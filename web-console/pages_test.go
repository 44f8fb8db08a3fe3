package webconsole_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	webconsole "github.com/vaxelhq/vaxel/web-console"
)

// TestConsole runs the console's own tests: its pure parts in Node, then its pages, as they were built, in a browser on a
// house of samples. Both say by themselves what failed.
func TestConsole(t *testing.T) {
	if _, err := fs.Stat(webconsole.Dist(), "index.html"); err != nil {
		t.Fatal("the console is not built: make build")
	}
	touch(t, "src", "test", "package-lock.json", "../docs/openapi.json", "../gateway/api/actions.go")
	for _, script := range []string{"test", "pages"} {
		t.Run(script, func(t *testing.T) {
			run := exec.CommandContext(t.Context(), "npm", "run", "--silent", script)
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("npm run %s: %v\n%s", script, err, out)
			}
		})
	}
}

// touch opens what the tests in Node read, so that go test knows when its cached answer is out of date.
func touch(t *testing.T, roots ...string) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
