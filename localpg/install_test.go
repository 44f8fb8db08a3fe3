package localpg_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a directory that install.sh takes for the whole machine, with an apt-get
// and an id of ours.
func machine(t *testing.T, uid string) string {
	t.Helper()
	root := t.TempDir()
	script(t, root+"/bin/id", "echo "+uid)
	script(t, root+"/bin/apt-get", `
		echo "apt-get $*"
		"$DESTDIR/usr/sbin/policy-rc.d" postgresql start; echo "policy $?"
		cat "$DESTDIR/etc/postgresql-common/createcluster.d/vaxel.conf"`)
	return root
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func install(t *testing.T, root string) (string, error) {
	t.Helper()
	cmd := exec.Command("./install.sh")
	cmd.Env = []string{"DESTDIR=" + root, "PATH=" + root + "/bin:/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestInstallLeavesWhatIsThere(t *testing.T) {
	root := machine(t, "0")
	script(t, root+"/usr/lib/postgresql/16/bin/postgres", "")
	script(t, root+"/usr/lib/postgresql/16/bin/initdb", "")
	if out, err := install(t, root); out != "" || err != nil {
		t.Errorf("got %q, %v, want nothing done", out, err)
	}
}

func TestInstallStartsNothingAndPutsThePolicyBack(t *testing.T) {
	for _, old := range []string{"", "exit 7"} {
		root := machine(t, "0")
		policy := root + "/usr/sbin/policy-rc.d"
		if old != "" {
			script(t, policy, old)
		}
		out, err := install(t, root)
		for _, want := range []string{"install -y -q --no-install-recommends postgresql", "policy 101", "create_main_cluster = false"} {
			if !strings.Contains(out, want) {
				t.Errorf("got %q, %v, want %q in it", out, err, want)
			}
		}
		if b, _ := os.ReadFile(policy); strings.Contains(string(b), "101") || (old != "") != strings.Contains(string(b), "exit 7") {
			t.Errorf("after it the policy is %q, want %q", b, old)
		}
		left, _ := filepath.Glob(root + "/etc/postgresql-common/createcluster.d/*")
		kept, _ := filepath.Glob(policy + ".*")
		if len(left)+len(kept) != 0 {
			t.Errorf("left behind: %v %v", left, kept)
		}
	}
}

func TestInstallMendsWhatAKilledOneLeft(t *testing.T) {
	root := machine(t, "0")
	policy := root + "/usr/sbin/policy-rc.d"
	script(t, policy, "exit 101 # vaxel")
	script(t, policy+".vaxel-keeps", "exit 7")
	if out, err := install(t, root); err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	if b, _ := os.ReadFile(policy); !strings.Contains(string(b), "exit 7") {
		t.Errorf("after it the policy is %q, want the machine's own", b)
	}
}

func TestInstallTellsOthersWhatToRun(t *testing.T) {
	out, err := install(t, machine(t, "1000"))
	if err == nil || !strings.Contains(out, "sudo apt-get install --no-install-recommends postgresql") {
		t.Errorf("got %q, %v", out, err)
	}
}
