package blob

import (
	"os"

	"golang.org/x/sys/unix"
)

const syncsVolumes = true

// syncVolume makes all that was written to a file system last. It tells of what failed
// since the file was opened, from Linux 5.8 on (syncfs(2)).
func syncVolume(f *os.File) error { return unix.Syncfs(int(f.Fd())) }
