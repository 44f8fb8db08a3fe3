package bench

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// sockets measures what visitors cost who sit there with a conversation and say nothing,
// and how fast all of them are back after a cut.
func sockets(ctx context.Context, b *Bench) error {
	count := 2000
	if b.Large {
		count = 9000
	}
	plain, back, lost, err := b.idleSockets(ctx, count, "")
	if err != nil {
		return err
	}
	cert, err := b.certificate()
	if err != nil {
		return err
	}
	sealed, _, lostTLS, err := b.idleSockets(ctx, count/4, cert)
	if err != nil {
		return err
	}
	method := func(n int) string {
		return fmt.Sprintf("heap and stacks of vaxel (kernel apart, GOGC=10) with %d idle visitors, each with a conversation, against none; median of %d looks", n, runs)
	}
	b.tell(Figure{Name: "sockets.bytes_per_conn", Value: median(plain), Unit: "B", Errors: lost, Method: method(count)})
	b.tell(Figure{Name: "sockets.tls_bytes_per_conn", Value: median(sealed), Unit: "B", Errors: lostTLS, Method: method(count / 4)})
	b.tell(Figure{
		Name: "sockets.resume_seconds", Value: median(back), Unit: "s",
		Method: fmt.Sprintf("all %d cut at once, dialled again 64 at a time, until the last is welcome in its conversation; median of %d", count, runs),
	})
	return nil
}

// idleSockets opens so many, looks at the memory, cuts them and has them back.
func (b *Bench) idleSockets(ctx context.Context, count int, settings string) (each, back []float64, lost int, err error) {
	h, err := b.newHouse(ctx, 1, nil)
	if err != nil {
		return nil, nil, 0, err
	}
	if _, err := h.launch(ctx, settings+widgets, "GOGC=10"); err != nil {
		return nil, nil, 0, err
	}
	if err := h.work(ctx); err != nil { // somebody is there, so the chat is open
		return nil, nil, 0, err
	}
	crowd := crowd{ctx: ctx}
	for n := range count {
		crowd.list = append(crowd.list, &visitor{h: h, no: n})
	}
	if err := h.visitAll(ctx, crowd.list[:10], 10, true, crowd.listen); err != nil { // what the first ones make is kept
		return nil, nil, 0, err
	}
	none, err := h.quietMemory(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	if err := h.visitAll(ctx, crowd.list[10:], 64, true, crowd.listen); err != nil {
		return nil, nil, 0, err
	}
	for range runs {
		all, err := h.quietMemory(ctx)
		if err != nil {
			return nil, nil, 0, err
		}
		each = append(each, (all-none)/float64(count-10))
	}
	for range runs {
		crowd.cut()
		began := time.Now()
		if err := h.visitAll(ctx, crowd.list, 64, false, crowd.listen); err != nil {
			return nil, nil, 0, err
		}
		back = append(back, time.Since(began).Seconds())
	}
	lost = int(crowd.gone.Load())
	crowd.cut()
	b.note("sockets: %.0f B each of %d, back in %.2f s", median(each), count, median(back))
	return each, back, lost, h.stop()
}

// quietMemory is the child's memory when what just happened is over.
func (h *house) quietMemory(ctx context.Context) (float64, error) {
	var least float64
	for range 3 {
		time.Sleep(400 * time.Millisecond)
		now, err := h.memory(ctx)
		if err != nil {
			return 0, err
		}
		if least == 0 || now < least {
			least = now
		}
	}
	return least, nil
}

// crowd is visitors who listen.
type crowd struct {
	ctx   context.Context //nolint:containedctx // of the bench; listen is handed around
	list  []*visitor
	quiet atomic.Bool // being cut: their going is no fault
	gone  atomic.Int64
	all   sync.WaitGroup
}

func (c *crowd) listen(v *visitor) {
	c.all.Go(func() {
		if err := v.listen(c.ctx); !c.quiet.Load() && c.gone.Add(1) == 1 {
			v.h.b.note("visitor %d left: %v", v.no, err)
		}
	})
}

// cut ends every connection without a goodbye, as a network does.
func (c *crowd) cut() {
	c.quiet.Store(true)
	for _, v := range c.list {
		_ = v.conn.CloseNow()
	}
	c.all.Wait()
	c.quiet.Store(false)
}

// certificate makes one for loopback, and gives the settings that use it.
func (b *Bench) certificate() (settings string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	now := time.Now()
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		return "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	files := [2]string{filepath.Join(b.dir, "cert.pem"), filepath.Join(b.dir, "key.pem")}
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(files[i], pem.EncodeToMemory(block), 0o600); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", files[0], files[1]), nil
}
