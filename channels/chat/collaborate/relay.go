package collaborate

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
)

// What a session's sockets say to each other over the bus: the page to the agent, the
// agent's hand to the page, and to both that the session has changed.
func subjectState(id int64) string { return subject(id, "state") }
func subjectPage(id int64) string  { return subject(id, "page") }
func subjectHand(id int64) string  { return subject(id, "hand") }

func subject(id int64, what string) string {
	return "collaborate." + strconv.FormatInt(id, 10) + "." + what
}

// A frame goes over the bus in pieces, each with a head: who sends, the piece's number, and
// whether it is a frame's last and the frame a whole picture.
const (
	pieceMax  = 256 << 10 // bytes; well below what the bus carries
	pieceHead = 8 + 8 + 1

	firstPiece = 1
	lastPiece  = 2
	wholePage  = 4
)

// pieces cuts what one socket sends.
type pieces struct {
	sender uint64
	n      atomic.Uint64
}

func newPieces() *pieces { return &pieces{sender: rand.Uint64()} }

// publish sends a frame; whole says that it needs nothing that came before.
func (p *pieces) publish(bus Bus, subject string, frame []byte, whole bool) {
	for flags := byte(firstPiece); ; flags = 0 {
		piece := frame[:min(len(frame), pieceMax)]
		frame = frame[len(piece):]
		if len(frame) == 0 {
			flags |= lastPiece
		}
		if whole {
			flags |= wholePage
		}
		out := make([]byte, pieceHead, pieceHead+len(piece))
		binary.BigEndian.PutUint64(out, p.sender)
		binary.BigEndian.PutUint64(out[8:], p.n.Add(1))
		out[16] = flags
		bus.Publish(subject, append(out, piece...))
		if len(frame) == 0 {
			return
		}
	}
}

// joiner puts pieces together again. Its caller gives it one after the other.
type joiner struct {
	sender, n uint64
	begun     []byte // nil: between frames, or in one whose beginning is missing
}

// join takes a piece. It gives a frame when that is complete; lost says that something
// before it is missing, or, of a hint without data, may be.
func (j *joiner) join(piece []byte) (frame []byte, whole, lost bool) {
	if len(piece) < pieceHead {
		return nil, false, true
	}
	sender, n, flags := binary.BigEndian.Uint64(piece), binary.BigEndian.Uint64(piece[8:]), piece[16]
	if sender == j.sender {
		lost = n != j.n+1
	} else {
		lost = n != 1
	}
	j.sender, j.n = sender, n
	if lost || flags&firstPiece != 0 {
		j.begun = nil
	}
	if flags&firstPiece == 0 && j.begun == nil {
		return nil, false, lost
	}
	j.begun = append(j.begun, piece[pieceHead:]...)
	switch {
	case len(j.begun) > maxFrame:
		j.begun = nil
		return nil, false, true
	case flags&lastPiece == 0:
		return nil, false, lost
	}
	frame, j.begun = j.begun, nil
	return frame, flags&wholePage != 0, lost
}
