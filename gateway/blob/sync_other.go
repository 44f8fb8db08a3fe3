//go:build !linux

package blob

import (
	"errors"
	"os"
)

const syncsVolumes = false

func syncVolume(*os.File) error { return errors.ErrUnsupported }
