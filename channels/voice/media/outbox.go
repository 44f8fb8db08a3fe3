package media

import (
	"errors"
	"net"

	"golang.org/x/net/ipv4"
)

// outbox gathers packets by the port they leave from.
type outbox struct {
	ports []portbox
}

// portbox is what leaves from one port. Its messages are used again.
type portbox struct {
	port *Port
	ms   []ipv4.Message
}

// add keeps a packet until flush; its bytes must stay as they are until then.
func (o *outbox) add(port *Port, pkt []byte, to *net.UDPAddr) {
	for i := range o.ports {
		if o.ports[i].port == port {
			o.ports[i].put(pkt, to)
			return
		}
	}
	o.ports = append(o.ports, portbox{port: port})
	o.ports[len(o.ports)-1].put(pkt, to)
}

// put takes a message that was used before, where there is one.
func (b *portbox) put(pkt []byte, to *net.UDPAddr) {
	if len(b.ms) < cap(b.ms) {
		b.ms = b.ms[:len(b.ms)+1]
		b.ms[len(b.ms)-1].Buffers[0], b.ms[len(b.ms)-1].Addr = pkt, to
		return
	}
	b.ms = append(b.ms, ipv4.Message{Buffers: [][]byte{pkt}, Addr: to})
	full := b.ms[:cap(b.ms)]
	for i := len(b.ms); i < len(full); i++ {
		full[i].Buffers = make([][]byte, 1)
	}
}

// flush sends everything. What the system refuses is lost, as on any network; a
// message that fails does not hold up those behind it.
func (o *outbox) flush() {
	const most = 32 // ports remembered between batches
	for i := range o.ports {
		b := &o.ports[i]
		for ms := b.ms; len(ms) > 0; {
			n, err := b.port.raw.WriteBatch(ms, 0)
			if errors.Is(err, net.ErrClosed) {
				break
			}
			if err != nil {
				n = max(n, 0) + 1
			}
			ms = ms[min(max(n, 1), len(ms)):]
		}
		b.ms = b.ms[:0]
	}
	if len(o.ports) > most {
		o.ports = o.ports[:0]
	}
}
