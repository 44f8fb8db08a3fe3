package api_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestTheGuidesClients runs the clients of docs/client as agents against a real server. A
// mail and a callback wait before the chat: they are declined, and the callback's policy
// sends its agent on a break that the client must end.
func TestTheGuidesClients(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(*testing.T) *exec.Cmd{"go": goClient, "typescript": tsClient} {
		t.Run(name, func(t *testing.T) {
			cmd := build(t)
			h := newHouse(t)
			cmd.Env = append(os.Environ(), "VAXEL_URL="+h.web.URL, "VAXEL_KEY="+h.newKey(t, h.anna))
			cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
			check(t, cmd.Start())
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			})
			bo, _ := h.as(t, "bo").open("", "board")
			for _, other := range []gateway.Channel{gateway.Email, gateway.Callback} {
				left := h.arrive(t, other, h.invoices)["interaction"]
				bo.until("interaction.changed", func(i m) bool { return i["id"] == left && i["state"] == "offered" })
				bo.until("interaction.changed", func(i m) bool { return i["id"] == left && i["state"] == "waiting" })
			}
			came := h.arrive(t, gateway.Chat, h.invoices)
			bo.until("interaction.changed", func(i m) bool {
				return i["id"] == came["interaction"] && i["state"] == "finished" && i["agent"] == h.anna.String()
			})
			var kinds []any
			for _, e := range items(bo.get("/conversations/" + came["conversation"].(string) + "/entries")) {
				if e["kind"] != "event" {
					kinds = append(kinds, e["kind"])
				}
			}
			if len(kinds) != 3 || kinds[1] != "message" || kinds[2] != "article" {
				t.Errorf("got %v", kinds)
			}
		})
	}
}

// TestTheGuidesAgentHasThirtyLines, blank ones and what is only told apart.
func TestTheGuidesAgentHasThirtyLines(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../docs/client/agent.ts")
	check(t, err)
	count := 0
	for line := range strings.Lines(string(source)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			count++
		}
	}
	if count > 30 {
		t.Errorf("the agent that docs/api.md says has 30 lines has %d", count)
	}
}

func goClient(t *testing.T) *exec.Cmd {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "client")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../docs/client").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return exec.CommandContext(t.Context(), binary)
}

// tsClient is built first: not every Node reads TypeScript.
func tsClient(t *testing.T) *exec.Cmd {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node is missing, which Växel is built and tested with (README.md): ", err)
	}
	script := filepath.Join(t.TempDir(), "agent.mjs")
	built := api.Build(api.BuildOptions{EntryPoints: []string{"../../docs/client/agent.ts"}, Outfile: script, Write: true, Format: api.FormatESModule, Target: api.ES2022})
	if len(built.Errors) > 0 {
		t.Fatal(built.Errors)
	}
	return exec.CommandContext(t.Context(), node, "--experimental-websocket", script)
}
