package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// lane is a channel's index in gateway.Channels, for arrays; lanes is a set of them.
type (
	lane  int
	lanes uint8
)

// The lanes.
const (
	voice lane = iota
	chat
	email
	voicemail
	callback
	laneCount
)

// laneOf is not ok for a channel that nobody routes.
func laneOf(ch gateway.Channel) (lane, bool) {
	i := slices.Index(gateway.Channels, ch)
	return lane(i), i >= 0
}

func (l lane) channel() gateway.Channel { return gateway.Channels[l] }

// phone says whether the agent needs a phone for it.
func (l lane) phone() bool { return l == voice || l == callback }

func (s lanes) has(l lane) bool   { return s&(1<<l) != 0 }
func (s lanes) with(l lane) lanes { return s | 1<<l }
