package bench

import (
	"fmt"
	"net"
	"runtime"
	"syscall"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

// rtpSize is a G.711 packet of 20 ms.
const rtpSize = rtp.HeaderSize + g711.FrameSize

// bareRelay is the least that 1000 packets cost here, in milliseconds of CPU: a thread that
// receives and sends each, and does with it what is told, if anything.
func (b *Bench) bareRelay(each func(sound []byte)) (float64, error) {
	in, at, err := blockingUDP()
	if err != nil {
		return 0, fmt.Errorf("open a relay: %w", err)
	}
	defer func() { _ = syscall.Close(in) }()
	sink, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer func() { _ = sink.Close() }()
	source, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at})
	if err != nil {
		return 0, err
	}
	stop, sent := make(chan struct{}), make(chan struct{})
	go func() { defer close(sent); _ = sendPackets(source, stop) }()
	defer func() { close(stop); <-sent; _ = source.Close() }()
	var got []float64
	for range runs {
		cost, err := handOn(in, sink.LocalAddr().(*net.UDPAddr).Port, b.share(30), each)
		if err != nil {
			return 0, err
		}
		got = append(got, cost)
	}
	return median(got), nil
}

// blockingUDP is a socket of loopback that a thread can wait on by itself.
func blockingUDP() (fd, port int, err error) {
	if fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0); err != nil {
		return 0, 0, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, 0, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, 0, err
	}
	return fd, name.(*syscall.SockaddrInet4).Port, nil
}

// sendPackets sends as 200 calls do: 400 packets each 20 ms, in forties.
func sendPackets(to net.Conn, stop <-chan struct{}) error {
	packet, tick := make([]byte, rtpSize), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
		for range 40 {
			if _, err := to.Write(packet); err != nil {
				return err
			}
		}
	}
}

// handOn relays for a while on a thread of its own, and gives its CPU for 1000 packets.
func handOn(in, to int, d time.Duration, each func(sound []byte)) (float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const ofThread = 1 // RUSAGE_THREAD: getrusage(2)
	var before, after syscall.Rusage
	if err := syscall.Getrusage(ofThread, &before); err != nil {
		return 0, err
	}
	out := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: to}
	packet, n := make([]byte, 2048), 0
	for end := time.Now().Add(d); time.Now().Before(end); n++ {
		size, _, err := syscall.Recvfrom(in, packet, 0)
		if err != nil {
			return 0, err
		}
		if each != nil {
			each(packet[rtp.HeaderSize:size])
		}
		if err := syscall.Sendto(in, packet[:size], 0, out); err != nil {
			return 0, err
		}
	}
	if err := syscall.Getrusage(ofThread, &after); err != nil {
		return 0, err
	}
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	return milliseconds(time.Duration(cpu)) / float64(n) * 1000, nil
}
