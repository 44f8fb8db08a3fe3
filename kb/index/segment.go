package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// errDamaged says that a segment is not what was written.
var errDamaged = errors.New("the segment's checksum is wrong")

// dropDamaged removes segments whose checksum is wrong: the library opens a segment with
// a flipped block in it, and then serves wrong results. One that was being written when
// its writer was killed is missed by nobody; any other makes opening fail.
func dropDamaged(dir string) error {
	segments, err := filepath.Glob(filepath.Join(dir, "store", "*.zap"))
	if err != nil {
		return err
	}
	for _, path := range segments {
		err := verifySegment(path)
		if errors.Is(err, errDamaged) {
			err = os.Remove(path) //nolint:gosec // G703: a file that Glob has found in our own directory
		}
		if err != nil {
			return fmt.Errorf("verify %s: %w", filepath.Base(path), err)
		}
	}
	return nil
}

// verifySegment reads the checksum that every zap segment ends with.
func verifySegment(path string) error {
	f, err := os.Open(path) //nolint:gosec // a file of ours
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	if info.Size() < crc32.Size {
		return errDamaged
	}
	if _, err := io.CopyN(sum, f, info.Size()-crc32.Size); err != nil {
		return err
	}
	var want [crc32.Size]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(want[:]) != sum.Sum32() {
		return errDamaged
	}
	return nil
}
