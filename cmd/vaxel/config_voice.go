package main

import (
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/vaxelhq/vaxel/channels/voice"
)

// settings is the telephone's configuration as its room wants it.
func (v VoiceConfig) settings(c Config) (voice.Config, error) {
	low, high, err := portRange(v.RTPPorts)
	if err != nil {
		return voice.Config{}, fmt.Errorf("voice.rtp_ports: %w", err)
	}
	out := voice.Config{
		Node: c.Node, Dir: filepath.Join(c.DataDir, "recordings"), Prompts: v.Prompts,
		RTPLow: uint16(low), RTPHigh: uint16(high), // portRange has checked them
	}
	if out.Listen, err = netip.ParseAddrPort(v.Listen); err != nil {
		return out, fmt.Errorf("voice.listen: %q is not an IPv4 address and a port: %w", v.Listen, err)
	}
	if v.Advertise != "" {
		if out.Advertise, err = netip.ParseAddr(v.Advertise); err != nil {
			return out, fmt.Errorf("voice.advertise: %w", err)
		}
	}
	for _, d := range v.DialPlan {
		route := voice.Route{Prefix: d.Prefix, Strip: d.Strip, Add: d.Add, From: d.From}
		if d.Through != "" {
			if route.Through, err = netip.ParseAddrPort(d.Through); err != nil {
				return out, fmt.Errorf("voice.dial %s: through: %w", d.Prefix, err)
			}
		}
		out.DialPlan = append(out.DialPlan, route)
	}
	return out, nil
}
