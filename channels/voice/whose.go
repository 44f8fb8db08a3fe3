package voice

import (
	"net"
	"net/netip"
	"slices"
)

// isTrunk says whether calls to an address are somebody's who connects them further, at our
// cost: a rule's of the dial plan, on any port, or one of a trunk's networks.
func (v *Voice) isTrunk(at netip.AddrPort) bool {
	return slices.ContainsFunc(v.cfg.DialPlan, func(r Route) bool { return r.Through.IsValid() && same(r.Through, at) }) ||
		!isHere(at.Addr()) && slices.ContainsFunc(*v.trunks.Load(), func(t Trunk) bool { return len(t.Sources) > 0 && t.admits(at.Addr()) })
}

// isOwn says whether a call to an address would come back to us.
func (v *Voice) isOwn(at netip.AddrPort) bool {
	own := v.Addr()
	return at.Port() == own.Port() && (at.Addr() == own.Addr() || isHere(at.Addr()))
}

// same says whether two addresses are of the same exchange. On this machine, whose
// telephones stand beside the exchange, the port tells them apart.
func same(a, b netip.AddrPort) bool {
	if isHere(a.Addr()) && isHere(b.Addr()) {
		return a.Port() == b.Port()
	}
	return a.Addr().Unmap() == b.Addr()
}

// isHere says whether an address is this machine's, by whatever interface.
func isHere(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	list, _ := net.InterfaceAddrs() // none are known without
	return slices.ContainsFunc(list, func(i net.Addr) bool {
		p, err := netip.ParsePrefix(i.String())
		return err == nil && p.Addr().Unmap() == a
	})
}
