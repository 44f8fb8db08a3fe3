package voice

import "github.com/vaxelhq/vaxel/channels/voice/media"

// Spoken reads the sentences, with those of the operator's directory.
func Spoken(dir string) (map[string]*media.Clip, error) { return spoken(dir) }
