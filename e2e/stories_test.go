package e2e

import (
	"bufio"
	"bytes"
	"os/exec"
	"syscall"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestStories: what an agent does in a day, told in stories.mjs: each story by the mouse
// alone and by the keyboard alone, in Chromium, in one Växel that they share.
func TestStories(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	boss := v.hire(gateway.RoleAdministrator, "boss", "Cecilia Boss")
	v.start()
	told := exec.CommandContext(t.Context(), "node", "--test-reporter=spec", "stories.mjs", v.base, boss.login, password)
	var said bytes.Buffer
	told.Stdout = &said
	says, err := told.StderrPipe()
	must(t, err)
	must(t, told.Start())
	for lines := bufio.NewScanner(says); lines.Scan(); {
		if lines.Text() == "restart" {
			v.signal(syscall.SIGTERM)
			v.wait("the end of the old platform", v.dead)
			v.run("")
		}
	}
	err = told.Wait()
	t.Logf("%s", &said)
	if err != nil {
		t.Errorf("the stories: %v\n%s", err, v.log.tail())
	}
}
