package wav

import "errors"

// ErrDisk is what an ill disk says.
var ErrDisk = errors.New("the disk is ill")

// Ill makes the disk refuse the next syncs, and say that a file can't be closed.
func (w *Writer) Ill(syncs int, closing error) { w.f = &illFile{w.f, syncs, closing} }

type illFile struct {
	file
	syncs   int // still to be refused
	closing error
}

func (f *illFile) Sync() error {
	if f.syncs > 0 {
		f.syncs--
		return ErrDisk
	}
	return f.file.Sync()
}

func (f *illFile) Close() error {
	if err := f.file.Close(); err != nil {
		return err
	}
	return f.closing
}
