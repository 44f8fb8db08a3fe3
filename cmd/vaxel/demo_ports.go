package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// The ports of a first start; where one is taken, the next free one is remembered instead.
const (
	imapPort = 1143
	smtpPort = 1025
	sipPort  = 5060
	alvaPort = 5070
	annaPort = 5080
)

const tries = 100 // ports after the wanted one

// choosePorts takes the mail ports, and sees to it that the others are free. The
// telephones' are only remembered: a telephone may be running.
func (d *demo) choosePorts(ctx context.Context) (err error) {
	m := d.memory
	if err := d.chooseListen(ctx); err != nil {
		return err
	}
	if d.imapAt, err = listenNear(ctx, &m.IMAP, imapPort); err != nil {
		return err
	}
	if d.smtpAt, err = listenNear(ctx, &m.SMTP, smtpPort); err != nil {
		return err
	}
	if d.config.Voice.Listen == "" {
		if err := freeUDP(ctx, &m.SIP, sipPort); err != nil {
			return err
		}
		d.config.Voice.Listen = local(m.SIP)
	}
	if m.AgentPhone == 0 {
		if err := freePhone(ctx, &m.AgentPhone, alvaPort); err != nil {
			return err
		}
	}
	if m.CallerPhone == 0 {
		if err := freePhone(ctx, &m.CallerPhone, annaPort); err != nil {
			return err
		}
	}
	d.config.Voice.DialPlan = d.dialPlan()
	return nil
}

// chooseListen moves on from the usual port if it is taken; one that was configured stays.
func (d *demo) chooseListen(ctx context.Context) error {
	host, port, err := net.SplitHostPort(d.config.Listen)
	if err != nil {
		return err
	}
	if !loopback(host) {
		return fmt.Errorf("listen: the demo shows its passwords, so it keeps to this machine and not %s; vaxel serve is for others to reach", host)
	}
	if d.config.Listen != defaults().Listen {
		return nil
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	l, err := listenNear(ctx, &d.memory.Listen, first)
	if err != nil {
		return err
	}
	d.config.Listen = local(d.memory.Listen)
	return l.Close() // house.run takes it
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// listenNear listens on the remembered port, else on the first free one from first on.
func listenNear(ctx context.Context, remembered *int, first int) (l net.Listener, err error) {
	var config net.ListenConfig
	err = near(remembered, first, func(port int) (err error) {
		l, err = config.Listen(ctx, "tcp", local(port))
		return err
	})
	return l, err
}

// freeUDP remembers a port that nobody listens on.
func freeUDP(ctx context.Context, remembered *int, first int) error {
	return near(remembered, first, func(port int) error { return unusedUDP(ctx, port) })
}

// freePhone remembers a port for a telephone: baresip listens there by UDP and TCP, and
// by TLS on the next one, so that two demonstrations' telephones keep apart.
func freePhone(ctx context.Context, remembered *int, first int) error {
	return near(remembered, first, func(port int) error {
		return errors.Join(unusedUDP(ctx, port), unusedTCP(ctx, port), unusedTCP(ctx, port+1))
	})
}

func unusedUDP(ctx context.Context, port int) error {
	c, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", local(port))
	if err != nil {
		return err
	}
	return c.Close()
}

func unusedTCP(ctx context.Context, port int) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", local(port))
	if err != nil {
		return err
	}
	return l.Close()
}

// near remembers the port that could be used: the one remembered, or the first from first on.
func near(remembered *int, first int, use func(port int) error) error {
	if *remembered != 0 && use(*remembered) == nil {
		return nil
	}
	var err error
	for port := first; port < first+tries; port++ {
		if err = use(port); err == nil {
			*remembered = port
			return nil
		}
	}
	return fmt.Errorf("find a free port from %d on: %w", first, err)
}
