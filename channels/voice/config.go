package voice

import (
	"errors"
	"net/netip"
	"time"
)

// Config is how this node speaks on the telephone.
type Config struct {
	Node      string         // this process's lasting name; its calls are found again by it
	Listen    netip.AddrPort // SIP over UDP; port 0 lets the system choose
	Advertise netip.Addr     // what others are told; Listen's address if not set
	RTPLow    uint16         // range of the RTP ports; both 0 lets the system choose
	RTPHigh   uint16
	Dir       string // where recordings grow until they are stored
	Prompts   string // directory of the operator's own sentences; none if empty
	DialPlan  []Route
	Patience  Patience
}

// Patience is how long things may last. Zero values become the defaults.
type Patience struct {
	Voicemail  time.Duration // longest message, 180 s
	Silence    time.Duration // ends a message, 4 s
	Start      time.Duration // for the first word, 8 s
	ShortVoice time.Duration // less voice is no message, 1.5 s
	Lost       time.Duration // without RTP a recording ends, 5 s
	Ring       time.Duration // of a phone that Dial rings, 30 s
	Accept     time.Duration // for the floor's answer while the agent waits, 5 s
	Sign       time.Duration // of life, from a caller who has been answered, 8 s
	Arrive     time.Duration // for the queue's while the caller hears it ring, and before a voicemail begins, 5 s
	Disk       time.Duration // for the disk to give back a message, before its caller is promised a callback, 30 s
	Try        time.Duration // until a phone says anything, or it is taken to be away, 8 s
	Reach      time.Duration // between two looks for phones that were away, 10 s
	Sound      time.Duration // from an agent's phone that was answered, 5 s
	Announce   time.Duration // between two sentences about the wait, 45 s
}

func (p Patience) orDefault() Patience {
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&p.Voicemail, 180 * time.Second},
		{&p.Silence, 4 * time.Second},
		{&p.Start, 8 * time.Second},
		{&p.ShortVoice, 1500 * time.Millisecond},
		{&p.Lost, 5 * time.Second},
		{&p.Ring, 30 * time.Second},
		{&p.Accept, 5 * time.Second},
		{&p.Sign, 8 * time.Second},
		{&p.Arrive, 5 * time.Second},
		{&p.Disk, 30 * time.Second},
		{&p.Try, 8 * time.Second},
		{&p.Reach, 10 * time.Second},
		{&p.Sound, 5 * time.Second},
		{&p.Announce, 45 * time.Second},
	} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	return p
}

var errConfig = errors.New("configuration of voice")
