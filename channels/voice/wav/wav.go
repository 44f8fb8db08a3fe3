// Package wav reads and writes RIFF WAVE files of telephone sound.
//
// A Writer's file is whole at every moment: what was written before the process was
// killed can be read, because sizes that were never filled in mean "to the end of the
// file", and Repair fills them in. Reading accepts 16-bit PCM, A-law and µ-law,
// any number of channels, and chunks in any order before the data.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// The WAVE format tags that are read.
const (
	tagPCM  = 1
	tagA    = 6
	tagMu   = 7
	tagExt  = 0xFFFE // the real tag is the first two bytes of the sub-format
	header  = 44
	unknown = 0xFFFFFFFF // a size nobody filled in
)

// maxData bounds what Read takes into memory: an hour of stereo at 8 kHz.
const maxData = 4 * 8000 * 3600

// ErrFormat is a file that is not a WAVE of a kind that is read.
var ErrFormat = errors.New("not a PCM, A-law or µ-law WAVE file")

// ErrShort is an ErrFormat that ends before its first sample.
var ErrShort = fmt.Errorf("it ends too early: %w", ErrFormat)

// Sound is a decoded file. Samples of several channels alternate.
type Sound struct {
	Rate     int
	Channels int
	Samples  []int16
}

// Duration is how long the sound lasts.
func (s Sound) Duration() time.Duration {
	if s.Rate == 0 || s.Channels == 0 {
		return 0
	}
	return time.Duration(len(s.Samples)/s.Channels) * time.Second / time.Duration(s.Rate)
}

// Bytes is the sound as a file of 16-bit PCM.
func (s Sound) Bytes() []byte {
	size := uint32(2 * len(s.Samples))
	b := slices.Grow(head(s.Rate, s.Channels, size), int(size))
	binary.LittleEndian.PutUint32(b[4:], size+header-8)
	for _, v := range s.Samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// Read decodes a file. A data chunk that ends early gives what is there.
func Read(r io.Reader) (Sound, error) {
	var riff [12]byte
	if _, err := io.ReadFull(r, riff[:]); err != nil {
		return Sound{}, fmt.Errorf("read header: %w", short(err))
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return Sound{}, ErrFormat
	}
	var f format
	for {
		var c [8]byte
		if _, err := io.ReadFull(r, c[:]); err != nil {
			return Sound{}, fmt.Errorf("find data chunk: %w", short(err))
		}
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		switch string(c[:4]) {
		case "fmt ":
			if err := f.read(r, size); err != nil {
				return Sound{}, err
			}
		case "data":
			return f.samples(r, size)
		default:
			if _, err := io.CopyN(io.Discard, r, size+size&1); err != nil {
				return Sound{}, fmt.Errorf("skip chunk: %w", short(err))
			}
		}
	}
}

// short tells a file that ends too early from one that can't be read, which may be whole.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrShort
	}
	return err
}

type format struct {
	tag, channels, bits uint16
	rate                uint32
}

func (f *format) read(r io.Reader, size int64) error {
	if size < 16 || size > 64 {
		return ErrFormat
	}
	b := make([]byte, size+size&1)
	if _, err := io.ReadFull(r, b); err != nil {
		return fmt.Errorf("read format: %w", short(err))
	}
	f.tag = binary.LittleEndian.Uint16(b)
	f.channels = binary.LittleEndian.Uint16(b[2:])
	f.rate = binary.LittleEndian.Uint32(b[4:])
	f.bits = binary.LittleEndian.Uint16(b[14:])
	if f.tag == tagExt && size >= 26 {
		f.tag = binary.LittleEndian.Uint16(b[24:])
	}
	pcm := f.tag == tagPCM && f.bits == 16
	law := (f.tag == tagA || f.tag == tagMu) && f.bits == 8
	if !pcm && !law || f.channels == 0 || f.channels > 8 || f.rate == 0 || f.rate > 192000 {
		return ErrFormat
	}
	return nil
}

func (f *format) samples(r io.Reader, size int64) (Sound, error) {
	if f.channels == 0 {
		return Sound{}, fmt.Errorf("data before format: %w", ErrFormat)
	}
	data, err := io.ReadAll(io.LimitReader(r, min(size, maxData)))
	if err != nil {
		return Sound{}, fmt.Errorf("read samples: %w", err)
	}
	s := Sound{Rate: int(f.rate), Channels: int(f.channels)}
	if f.tag == tagPCM {
		s.Samples = make([]int16, len(data)/2)
		for i := range s.Samples {
			s.Samples[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
	} else {
		law := g711.A
		if f.tag == tagMu {
			law = g711.Mu
		}
		s.Samples = make([]int16, len(data))
		law.DecodeTo(s.Samples, data)
	}
	s.Samples = s.Samples[:len(s.Samples)/s.Channels*s.Channels]
	return s, nil
}

func head(rate, channels int, size uint32) []byte {
	b := make([]byte, 0, header)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, tagPCM)
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*2))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*2))
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, size)
}
