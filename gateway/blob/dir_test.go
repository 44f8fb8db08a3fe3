package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/blob"
)

// TestMain is also the child that puts a file into BLOB_TEST_DIR: under a limit on file
// sizes (in bytes) if BLOB_TEST_LIMIT is set, and killed where VAXEL_CRASH says.
func TestMain(m *testing.M) {
	dir := os.Getenv("BLOB_TEST_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	if os.Getenv("BLOB_TEST_LIMIT") != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
	}
	d, err := blob.NewDir(dir)
	if err == nil {
		if os.Getenv("BLOB_TEST_ALL") != "" {
			_, err = d.PutAll(context.Background(), megabytes())
		} else {
			_, err = d.Put(context.Background(), bytes.NewReader(make([]byte, 1<<20)))
		}
	}
	fmt.Print(errors.Is(err, gateway.ErrTryAgain), " ", err)
	os.Exit(0)
}

// megabytes are objects that differ in their first byte, all but the last two.
func megabytes() (list [][]byte) {
	for i := range 6 {
		list = append(list, make([]byte, 1<<20))
		list[i][0] = byte(min(i, 4))
	}
	return list
}

func child(t *testing.T, dir string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "BLOB_TEST_DIR="+dir), env...)
	out, _ := cmd.CombinedOutput() // a kill is expected
	return string(out)
}

func newDir(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	root := t.TempDir()
	d, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	return d, root
}

func put(t *testing.T, o blob.Objects, text string) blob.Info {
	t.Helper()
	info, err := o.Put(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func read(t *testing.T, o blob.Objects, key string) string {
	t.Helper()
	f, _, err := o.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func files(t *testing.T, root string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestSameContentIsOneObjectNamedByItsSum(t *testing.T) {
	d, root := newDir(t)
	a, b := put(t, d, "hello"), put(t, d, "hello")
	sum := sha256.Sum256([]byte("hello"))
	if a != b || a.Key != hex.EncodeToString(sum[:]) || a.Size != 5 {
		t.Errorf("got %v and %v", a, b)
	}
	if got := files(t, root); len(got) != 1 {
		t.Errorf("got files %v, want one", got)
	}
	if got := read(t, d, a.Key); got != "hello" {
		t.Errorf("got %q", got)
	}
}

func TestConcurrentPutsOfOneContent(t *testing.T) {
	d, root := newDir(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { put(t, d, "the same") })
	}
	wg.Wait()
	if got := files(t, root); len(got) != 1 {
		t.Errorf("got files %v, want one", got)
	}
}

// TestASweepBesideAnotherProcess: a serve sweeps while an import, with a Dir of its own, finds
// the object there and marks it. What was marked is there.
func TestASweepBesideAnotherProcess(t *testing.T) {
	sweeper, root := newDir(t)
	importer, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	key := put(t, sweeper, "the same").Key
	path := filepath.Join(root, key[:2], key)
	before, long := time.Now().Add(-time.Hour), time.Now().Add(-2*time.Hour)
	for n := range 1000 {
		if err := errors.Join(os.WriteFile(path, []byte("the same"), 0o600), os.Chtimes(path, long, long)); err != nil {
			t.Fatal(err)
		}
		var marked error
		var both sync.WaitGroup
		both.Go(func() { marked = importer.Touch(t.Context(), key) })
		removed, err := sweeper.Remove(t.Context(), key, before)
		both.Wait()
		if err != nil || removed == (marked == nil) {
			t.Fatalf("round %d: removed is %v, %v; marking it said %v", n, removed, err, marked)
		}
	}
}

func TestOpenSeeks(t *testing.T) {
	d, _ := newDir(t)
	f, info, err := d.Open(t.Context(), put(t, d, "0123456789").Key)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(5, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(f); string(b) != "56789" || info.Size != 10 {
		t.Errorf("got %q of %d bytes", b, info.Size)
	}
}

func TestUnknownKeysAndPathsAreNotFound(t *testing.T) {
	d, _ := newDir(t)
	for _, key := range []string{strings.Repeat("0", 64), "", "..", "../../etc/passwd", strings.Repeat("A", 64), "tmp"} {
		if _, _, err := d.Open(t.Context(), key); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("%q: got %v, want not found", key, err)
		}
	}
}

func TestAFailingReaderLeavesNothing(t *testing.T) {
	d, root := newDir(t)
	broken := errors.New("the line broke")
	_, err := d.Put(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got := files(t, root); len(got) != 0 {
		t.Errorf("got files %v, want none", got)
	}
}

func TestManyAreStoredTogether(t *testing.T) {
	d, root := newDir(t)
	before := put(t, d, string(megabytes()[0]))
	infos, err := d.PutAll(t.Context(), megabytes())
	if err != nil || len(infos) != 6 || infos[0] != before || infos[4] != infos[5] {
		t.Fatalf("got %v, %v", infos, err)
	}
	for i, content := range megabytes() {
		if got := read(t, d, infos[i].Key); got != string(content) || infos[i].Size != 1<<20 {
			t.Errorf("object %d: got %d bytes and %+v", i, len(got), infos[i])
		}
	}
	if got := files(t, root); len(got) != 5 {
		t.Errorf("got files %v, want five", got)
	}
	if infos, err = d.PutAll(t.Context(), megabytes()[:2]); err != nil || len(infos) != 2 || infos[0] != before {
		t.Errorf("a few: got %v, %v", infos, err)
	}
}

func TestAFullDiskIsSaidAndLeavesNothing(t *testing.T) {
	for _, how := range []string{"", "BLOB_TEST_ALL=1"} {
		root := t.TempDir()
		out := child(t, root, "BLOB_TEST_LIMIT=1", how)
		if !strings.HasPrefix(out, "true storage_full: ") || !strings.Contains(out, root) {
			t.Errorf("%s: got %q, want try_again, storage_full and where", how, out)
		}
		if got := files(t, root); len(got) != 0 {
			t.Errorf("%s: got files %v, want none", how, got)
		}
	}
}

func TestAKilledPutIsWholeOrAbsent(t *testing.T) {
	for _, c := range []struct {
		point, how string
		objects    int
	}{{"blob.written", "", 0}, {"blob.stored", "", 1}, {"blob.written", "BLOB_TEST_ALL=1", 0}, {"blob.stored", "BLOB_TEST_ALL=1", 5}} {
		root := t.TempDir()
		child(t, root, "VAXEL_CRASH="+c.point, c.how)
		d, err := blob.NewDir(root)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for info, err := range d.All(t.Context()) {
			if n++; err != nil || info.Size != 1<<20 {
				t.Errorf("%s %s: got %v, %v", c.point, c.how, info, err)
			}
		}
		if n != c.objects {
			t.Errorf("%s %s: got %d objects, want %d", c.point, c.how, n, c.objects)
		}
	}
}

func BenchmarkPut10KB(b *testing.B) {
	d, err := blob.NewDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	mail := bytes.Repeat([]byte("x"), 10<<10)
	for i := 0; b.Loop(); i++ {
		copy(mail, strconv.Itoa(i))
		if _, err := d.Put(b.Context(), bytes.NewReader(mail)); err != nil {
			b.Fatal(err)
		}
	}
}
