package localpg

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// tailLines is how much of the server's log is kept to explain a failed start.
const tailLines = 8

// logTail takes the server's stderr, gives each line to the logger, keeps the last few.
type logTail struct {
	logger *slog.Logger

	mu    sync.Mutex // guards what follows
	rest  []byte     // of a line that has not ended
	lines []string
	ends  bool // the server has been told to end
}

// Write never fails: the server must not stop because of its log.
func (t *logTail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rest = append(t.rest, b...)
	for {
		line, rest, ok := bytes.Cut(t.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		t.rest = rest
		t.addLocked(string(line))
	}
}

func (t *logTail) addLocked(line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	t.lines = append(t.lines, line)
	t.lines = t.lines[max(0, len(t.lines)-tailLines):]
	t.tellLocked(line)
}

// tellLocked keeps ERROR quiet: the client that caused it is told, and logs it. So it does
// the FATAL of connections that a server which ends takes with it.
func (t *logTail) tellLocked(line string) {
	kind, _, _ := strings.Cut(line, ":")
	switch {
	case kind == "PANIC":
		t.logger.Error("database", "line", line)
	case kind == "FATAL" && !t.ends, kind == "WARNING":
		t.logger.Warn("database", "line", line)
	default:
		t.logger.Debug("database", "line", line)
	}
}

// ending says that the server has been told to end.
func (t *logTail) ending() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ends = true
}

func (t *logTail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines, t.rest, t.ends = nil, nil, false
}

func (t *logTail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, " / ")
}
