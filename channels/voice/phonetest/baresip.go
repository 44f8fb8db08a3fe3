package phonetest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/wav"
)

// Baresip is a real softphone in a process of its own, without sound card: it says a tone
// and writes down what it heard. It answers by itself.
type Baresip struct {
	URI string

	t   testing.TB
	dir string
	cmd *exec.Cmd
}

const baresipConfig = `sip_listen %[1]s
net_interface 127.0.0.1
audio_player aubridge,nil
audio_source aufile,%[2]s/tone.wav
audio_alert aubridge,nil
ausrc_srate 8000
auplay_srate 8000
call_local_timeout 120
call_max_calls 4
module_path %[3]s
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
snd_path %[2]s
`

// NewBaresip starts the softphone; with dial it calls that address at once.
func NewBaresip(t testing.TB, user string, hz int, dial string) *Baresip {
	t.Helper()
	modules, err := filepath.Glob("/usr/lib/baresip/modules")
	if err != nil || len(modules) == 0 {
		t.Fatal("baresip is missing: apt-get install baresip-core")
	}
	b := &Baresip{t: t, dir: t.TempDir()}
	addr := freeAddr(t)
	b.URI = fmt.Sprintf("sip:%s@%s", user, addr)
	tone(t, filepath.Join(b.dir, "tone.wav"), hz)
	b.write("config", fmt.Sprintf(baresipConfig, addr, b.dir, modules[0]))
	b.write("accounts", fmt.Sprintf("<%s>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1\n", b.URI))
	args := []string{"-f", b.dir}
	if dial != "" {
		args = append(args, "-e", "/dial "+dial)
	}
	b.cmd = exec.Command("baresip", args...) //nolint:noctx // ended by Heard or the cleanup
	out, err := os.Create(filepath.Join(b.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	b.cmd.Stdout, b.cmd.Stderr = out, out
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.stop()
		_ = out.Close()
		if t.Failed() {
			t.Logf("%s's softphone said:\n%s", user, b.Log())
		}
	})
	Wait(t, "baresip is ready", func() bool { return strings.Contains(b.Log(), "baresip is ready") })
	return b
}

// Log is what it has printed.
func (b *Baresip) Log() string {
	text, _ := os.ReadFile(filepath.Join(b.dir, "log"))
	return string(text)
}

// Hears says whether it has heard a tone for a second on end, as far as that is written down.
func (b *Baresip) Hears(hz int) bool {
	b.t.Helper()
	files := b.dumps()
	if len(files) == 0 {
		return false
	}
	soFar, err := os.ReadFile(files[len(files)-1])
	if err != nil || len(soFar) < wavHead {
		return false
	}
	s := wav.Sound{Rate: 8000, Channels: 1} // its head says how long it is when it is whole
	for at := wavHead; at+1 < len(soFar); at += 2 {
		s.Samples = append(s.Samples, int16(binary.LittleEndian.Uint16(soFar[at:])))
	}
	return HoldsTone(s, hz)
}

const wavHead = 44 // bytes before the sound: RIFF, fmt and data

func (b *Baresip) dumps() []string {
	files, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
	return files
}

// Heard ends the softphone and gives what it heard in its newest call.
func (b *Baresip) Heard() wav.Sound {
	b.t.Helper()
	b.stop()
	files := b.dumps()
	if len(files) == 0 {
		b.t.Fatalf("baresip heard nothing:\n%s", b.Log())
	}
	f, err := os.Open(files[len(files)-1])
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	s, err := wav.Read(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *Baresip) stop() {
	if b.cmd.ProcessState != nil {
		return
	}
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(time.Minute, func() { _ = b.cmd.Process.Kill() })
	defer kill.Stop()
	_ = b.cmd.Wait()
}

func (b *Baresip) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// tone writes a minute of a tone.
func tone(t testing.TB, path string, hz int) {
	t.Helper()
	w, err := wav.Create(path, 8000, 1)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, 60*8000)
	for i := range pcm {
		pcm[i] = int16(9000 * math.Sin(2*math.Pi*float64(hz)*float64(i)/8000))
	}
	if err := w.Write(pcm); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// freeAddr is where baresip can listen: on UDP and TCP, and for TLS on the port above. It
// is none of the ports that the system gives to others at any moment.
func freeAddr(t testing.TB) netip.AddrPort {
	t.Helper()
	for {
		port := 10000 + 2*rand.IntN(5000)
		udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback, Port: port})
		if err != nil {
			continue
		}
		_ = udp.Close()
		if freeTCP(port) && freeTCP(port+1) {
			return udp.LocalAddr().(*net.UDPAddr).AddrPort() // a UDP socket's
		}
	}
}

var loopback = net.IPv4(127, 0, 0, 1)

func freeTCP(port int) bool {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback, Port: port})
	if err == nil {
		_ = l.Close()
	}
	return err == nil
}

// HoldsTone says whether the sound holds a tone for a second on end, somewhere.
func HoldsTone(s wav.Sound, hz int) bool {
	run := 0
	for at := 0; at+800 <= len(s.Samples); at += 800 {
		if Share(s.Samples[at:at+800], hz) < 0.6 {
			run = 0
		} else if run++; run == 10 {
			return true
		}
	}
	return false
}
