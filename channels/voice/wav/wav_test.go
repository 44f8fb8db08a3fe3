package wav_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/wav"
)

func ramp(n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(i*37 - 5000)
	}
	return s
}

func read(t *testing.T, path string) wav.Sound {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := wav.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Bytes are what a Writer would have written.
func TestBytesAreAWholeFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.wav")
	want := wav.Sound{Rate: 8000, Channels: 1, Samples: ramp(801)}
	w, err := wav.Create(path, want.Rate, want.Channels)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(want.Samples), w.Close()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, want.Bytes()) {
		t.Errorf("got %d bytes, want the %d of the file, %v", len(want.Bytes()), len(b), err)
	}
}

// A file whose writer was killed is read to its end, and sox reads it once repaired.
func TestKilledWriterLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	w, err := wav.Create(path, 8000, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := ramp(8000)
	for part := range slices.Chunk(want, 160) {
		if err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, path); !slices.Equal(got.Samples, want) {
		t.Fatalf("unfinished file: got %d samples, want %d", len(got.Samples), len(want))
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x"); err != nil { // half a sample: killed within a write
		t.Fatal(err)
	}
	f.Close()
	if err := wav.Repair(path); err != nil {
		t.Fatal(err)
	}
	got := read(t, path)
	if !slices.Equal(got.Samples, want) || got.Duration() != time.Second {
		t.Errorf("repaired file: got %d samples, %v", len(got.Samples), got.Duration())
	}
	out, err := exec.Command("sox", "--i", "-s", path).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "8000" {
		t.Errorf("sox counts %q, %v", out, err)
	}
}

// A file that can't be read is not taken for one that is none: it may be read later.
func TestReadErrors(t *testing.T) {
	broken := errors.New("input/output error")
	whole := wav.Sound{Rate: 8000, Channels: 1, Samples: ramp(160)}.Bytes()
	for n := range whole {
		if _, err := wav.Read(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))); !errors.Is(err, broken) || errors.Is(err, wav.ErrFormat) {
			t.Fatalf("broken after %d bytes: %v", n, err)
		}
		if _, err := wav.Read(bytes.NewReader(whole[:n])); n < 44 && !errors.Is(err, wav.ErrShort) || n >= 44 && err != nil {
			t.Fatalf("ended after %d bytes: %v", n, err)
		}
	}
}

func TestClosedFileEqualsRepairedFile(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.wav"), filepath.Join(dir, "b.wav")
	for _, path := range []string{a, b} {
		w, err := wav.Create(path, 8000, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(ramp(320)); err != nil {
			t.Fatal(err)
		}
		if path == a {
			err = w.Close()
		} else {
			err = wav.Repair(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	x, _ := os.ReadFile(a)
	y, _ := os.ReadFile(b)
	if !bytes.Equal(x, y) {
		t.Error("Close and Repair leave different files")
	}
}

// Files that other programs made, in the three codings.
func TestReadsWhatSoxWrites(t *testing.T) {
	for _, enc := range []string{"signed-integer", "a-law", "u-law"} {
		path := filepath.Join(t.TempDir(), "tone.wav")
		args := []string{"-n", "-r", "8000", "-c", "1", "-e", enc}
		if enc == "signed-integer" {
			args = append(args, "-b", "16")
		}
		if out, err := exec.Command("sox", append(args, path, "synth", "0.5", "sine", "440")...).CombinedOutput(); err != nil {
			t.Fatalf("sox: %v %s", err, out)
		}
		s := read(t, path)
		if s.Rate != 8000 || s.Channels != 1 || s.Duration() != 500*time.Millisecond || slices.Max(s.Samples) < 20000 {
			t.Errorf("%s: got %d Hz, %d channels, %v, peak %d", enc, s.Rate, s.Channels, s.Duration(), slices.Max(s.Samples))
		}
	}
}

func TestRefusesWhatIsNoWave(t *testing.T) {
	for _, in := range []string{"", "RIFF", "RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00abcd", strings.Repeat("A", 100)} {
		if _, err := wav.Read(strings.NewReader(in)); err == nil {
			t.Errorf("%q was read", in)
		}
	}
}

func FuzzRead(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.wav")
	w, err := wav.Create(path, 8000, 1)
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Write(ramp(16)); err != nil {
		f.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	f.Add(b)
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x06\x00\x02\x00\x40\x1f\x00\x00\x00\x00\x00\x00\x02\x00\x08\x00data\xff\xff\xff\xff\x01\x02\x03"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := wav.Read(bytes.NewReader(in))
		if err == nil && (s.Channels == 0 || len(s.Samples)%s.Channels != 0 || len(s.Samples) > len(in)) {
			t.Errorf("got %d channels, %d samples out of %d bytes", s.Channels, len(s.Samples), len(in))
		}
	})
}

// A disk that refuses a sync, twice, loses nothing: the file stays open, takes more, and is
// closed once the disk is well. That closing says an error then means nothing.
func TestCloseOnIllDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	w, err := wav.Create(path, 8000, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.Ill(2, wav.ErrDisk)
	for part := range 2 {
		if err := w.Write(ramp(400)[part*200 : part*200+200]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); !errors.Is(err, wav.ErrDisk) {
			t.Errorf("close %d: %v, want the disk's error", part+1, err)
		}
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Errorf("close on a disk that is well: %v", err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if s, err := wav.Read(f); err != nil || !slices.Equal(s.Samples, ramp(400)) {
		t.Errorf("%d samples, %v, want all 400", len(s.Samples), err)
	}
}
