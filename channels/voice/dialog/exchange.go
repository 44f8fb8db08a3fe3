package dialog

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// exchange holds sipgo's transactions upon our one socket. sipgo's own transport would
// open a socket of its own, on any port and for ever, to answer whom it doesn't know (any
// more), and keeps every source that it ever saw; here is one port and nothing to keep.
type exchange struct {
	conn *net.UDPConn
	log  *slog.Logger // sipgo's

	mu      sync.Mutex // guards what follows
	closed  bool
	servers map[string]*sip.ServerTx
	clients map[string]*sip.ClientTx
}

func newExchange(c *net.UDPConn) *exchange {
	return &exchange{
		conn: c, log: slog.New(slog.DiscardHandler), // it logs whole messages; what matters reaches us as errors
		servers: map[string]*sip.ServerTx{}, clients: map[string]*sip.ClientTx{},
	}
}

// close ends all transactions and takes no more.
func (x *exchange) close() {
	x.mu.Lock()
	x.closed = true
	var open []sip.Transaction
	for _, tx := range x.servers {
		open = append(open, tx)
	}
	for _, tx := range x.clients {
		open = append(open, tx)
	}
	x.mu.Unlock()
	for _, tx := range open {
		tx.Terminate()
	}
}

// server gives the new transaction of a request; nil for one that belongs to a
// transaction that is open, which handles it, and for an ACK to a 2xx, which has none.
func (x *exchange) server(req *sip.Request, from netip.AddrPort) (*sip.ServerTx, error) {
	key, err := sip.ServerTxKeyMake(req)
	if err != nil {
		return nil, err
	}
	back := path{x.conn, responseAddress(req, from)}
	if req.IsCancel() && x.cancel(req, back) {
		return nil, nil
	}
	tx, known, err := x.begin(key, req, back)
	if known {
		return nil, tx.Receive(req)
	}
	return tx, err
}

func (x *exchange) begin(key string, req *sip.Request, back path) (tx *sip.ServerTx, known bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if tx = x.servers[key]; tx != nil {
		return tx, true, nil
	}
	if req.IsAck() {
		return nil, false, nil
	}
	if x.closed {
		return nil, false, net.ErrClosed
	}
	tx = sip.NewServerTx(key, req, back, x.log)
	if err := tx.Init(); err != nil {
		return nil, false, err
	}
	tx.OnTerminate(func(string, error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.servers, key)
	})
	x.servers[key] = tx
	return tx, false, nil
}

// cancel hands a CANCEL to the INVITE that it means, if that is open (RFC 3261 §9.2).
func (x *exchange) cancel(req *sip.Request, back path) bool {
	invite := req.Clone()
	invite.CSeq().MethodName = sip.INVITE
	key, err := sip.ServerTxKeyMake(invite)
	if err != nil {
		return false
	}
	x.mu.Lock()
	tx := x.servers[key]
	x.mu.Unlock()
	if tx == nil {
		return false
	}
	_ = back.WriteMsg(sip.NewResponseFromRequest(req, sip.StatusOK, reasons[sip.StatusOK], nil)) // lost, it is asked for again
	_ = tx.Receive(req)                                                                          // an INVITE's never fails
	return true
}

// client begins a transaction of ours; Init sends it. It answers on the request's
// address only.
func (x *exchange) client(req *sip.Request, to netip.AddrPort) (*sip.ClientTx, error) {
	key, err := sip.ClientTxKeyMake(req)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, net.ErrClosed
	}
	tx := sip.NewClientTx(key, req, path{x.conn, to}, x.log)
	tx.OnTerminate(func(string, error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.clients, key)
	})
	x.clients[key] = tx
	return tx, nil
}

// response hands a response to its transaction, if there is one.
func (x *exchange) response(res *sip.Response) bool {
	key, err := sip.ClientTxKeyMake(res)
	if err != nil {
		return false
	}
	x.mu.Lock()
	tx := x.clients[key]
	x.mu.Unlock()
	if tx == nil {
		return false
	}
	tx.Receive(res)
	return true
}

// responseAddress is where the answers to a request go: to where it came from, and to the
// port of its Via unless it asks for the one it came from (RFC 3261 §18.2.2, RFC 3581 §4).
func responseAddress(req *sip.Request, from netip.AddrPort) netip.AddrPort {
	via := req.Via()
	if _, ok := via.Params.Get("rport"); ok {
		return from
	}
	if via.Host != from.Addr().String() {
		via.Params.Add("received", from.Addr().String()) // RFC 3261 §18.2.1
	}
	if via.Port > 0 && via.Port < 1<<16 {
		return netip.AddrPortFrom(from.Addr(), uint16(via.Port))
	}
	return netip.AddrPortFrom(from.Addr(), uint16(sip.DefaultUdpPort))
}

// path is the way to one address, for one transaction. It implements sip.Connection.
type path struct {
	conn *net.UDPConn
	to   netip.AddrPort
}

// WriteMsg sends a message. One that doesn't fit into a packet goes in several: there is
// no other transport to change to (RFC 3261 §18.1.1).
func (p path) WriteMsg(msg sip.Message) error {
	if _, err := p.conn.WriteToUDPAddrPort([]byte(msg.String()), p.to); err != nil {
		return fmt.Errorf("send SIP to %s: %w", p.to, err)
	}
	return nil
}

// LocalAddr is the socket's.
func (p path) LocalAddr() net.Addr { return p.conn.LocalAddr() }

// Ref counts nothing: the socket is the stack's.
func (p path) Ref(int) int { return 1 }

// TryClose leaves the socket open.
func (p path) TryClose() (int, error) { return 1, nil }

// Close leaves the socket open.
func (p path) Close() error { return nil }

// lookUp gives the address that a host and port mean.
func lookUp(ctx context.Context, hostPort string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(hostPort); err == nil {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
	}
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil || len(list) == 0 {
		return netip.AddrPort{}, fmt.Errorf("look up %s: %w", host, err)
	}
	return netip.AddrPortFrom(list[0].Unmap(), uint16(port)), nil
}
