package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Writer appends 16-bit PCM to a file. It is not safe for concurrent use.
type Writer struct {
	f       file // nil once closed
	buf     []byte
	written int64 // bytes of samples
}

// file is what a Writer needs of its file.
type file interface {
	io.WriterAt
	Sync() error
	Close() error
}

// Create starts a file, whose directory must exist, with a header whose sizes are open.
func Create(path string, rate, channels int) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	if _, err := f.Write(head(rate, channels, unknown)); err != nil {
		return nil, errors.Join(fmt.Errorf("start recording: %w", err), f.Close())
	}
	return &Writer{f: f}, nil
}

// Write appends samples. Once it returns they outlive the process, though not the machine.
// What failed is not there, as far as the file is whole, and may be written again.
func (w *Writer) Write(samples []int16) error {
	w.buf = w.buf[:0]
	for _, s := range samples {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(s))
	}
	if _, err := w.f.WriteAt(w.buf, header+w.written); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	w.written += int64(len(w.buf))
	return nil
}

// Close fills in the sizes, makes the file durable and closes it. A file that the disk does
// not take stays open: Close may be called again, and once it has succeeded does nothing.
// After a failed sync the system may have dropped what it says is on the disk the next time
// (fsync(2)); it can still be read, so whoever wants to keep it copies it.
func (w *Writer) Close() error {
	if w.f == nil {
		return nil
	}
	if err := errors.Join(fill(w.f, w.written), w.f.Sync()); err != nil {
		return fmt.Errorf("close recording: %w", err)
	}
	_ = w.f.Close() // nothing is left to be written, and it is closed whatever it says (close(2))
	w.f = nil
	return nil
}

// Repair fills in the sizes of a file whose writer was killed. A whole file stays as it is.
func Repair(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("repair recording: %w", err)
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err == nil && end < header {
		err = ErrShort
	}
	if err == nil {
		err = errors.Join(f.Truncate(end-(end-header)%2), fill(f, end-header-(end-header)%2), f.Sync())
	}
	return errors.Join(err, f.Close())
}

func fill(f io.WriterAt, data int64) error {
	var size [4]byte
	binary.LittleEndian.PutUint32(size[:], uint32(min(data, unknown-header)))
	_, err := f.WriteAt(size[:], header-4)
	binary.LittleEndian.PutUint32(size[:], uint32(min(data, unknown-header))+header-8)
	_, err2 := f.WriteAt(size[:], 4)
	return errors.Join(err, err2)
}
