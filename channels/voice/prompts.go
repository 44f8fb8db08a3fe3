package voice

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/media"
)

// prompts are spoken, one A-law file for each sentence and language; prompts/make.sh has
// the words.
//
//go:embed prompts/*.al
var prompts embed.FS

// sentences are what can be said, and set by an operator. The numbers 1 to 10 are too.
var sentences = []string{
	"welcome",   // before the music
	"voicemail", // before the beep
	"callback",  // press 1
	"promised",  // after it
	"sorry",     // nobody can answer; goodbye
	"outside",   // being connected to a telephone elsewhere
	"place",     // you are number …
	"wait",      // the expected wait is …
	"minute",    // one minute
	"minutes",   // … minutes
	"long",      // more than ten minutes
}

const mostNumber = 10

// spoken are the sentences by name and language: ours, and in their place those of the
// operator's directory, which may add languages and the music (music.wav).
func spoken(dir string) (map[string]*media.Clip, error) {
	all := map[string]*media.Clip{}
	err := fs.WalkDir(prompts, "prompts", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := prompts.ReadFile(path)
		all[strings.TrimSuffix(filepath.Base(path), ".al")] = media.NewClipA(b)
		return err
	})
	if err != nil || dir == "" {
		return all, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, fmt.Errorf("read voice.prompts: %w", err)
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("read voice.prompts: %w", err)
	}
	for _, file := range files {
		name, wave := strings.CutSuffix(filepath.Base(file), ".wav")
		if what, language, _ := strings.Cut(name, "-"); !wave || !isSentence(what, language) && name != musicFile {
			return nil, fmt.Errorf("%s: no prompt is called so; name files SENTENCE-LANGUAGE.wav, such as welcome-sv.wav, or %s.wav: %w", file, musicFile, errConfig)
		}
		if all[name], err = clipOf(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return all, nil
}

const musicFile = "music"

func isSentence(what, language string) bool {
	n, err := strconv.Atoi(what)
	return language != "" && (slices.Contains(sentences, what) || err == nil && n >= 1 && n <= mostNumber)
}

var errPrompt = errors.New("a prompt is one channel at 8,000 samples a second, PCM of 16 bits or G.711: sox FILE -r 8000 -c 1 -b 16 OUT.wav")

// clipOf reads a recorded sentence, ready to be sent.
func clipOf(file string) (*media.Clip, error) {
	sound, err := readWAV(file)
	if err != nil {
		return nil, err
	}
	if sound.Rate != g711.Rate || sound.Channels != 1 || len(sound.Samples) == 0 {
		return nil, errPrompt
	}
	return media.NewClip(sound.Samples), nil
}

// say is a sentence in the language, English where there is none.
func (s *sounds) say(what, language string) *media.Clip {
	lang, _, _ := strings.Cut(strings.ToLower(language), "-")
	if c := s.spoken[what+"-"+lang]; c != nil {
		return c
	}
	return s.spoken[what+"-en"]
}

// place says where a caller stands and how long it may take, as far as both are known, and
// that they may be called back; nil if there is nothing to say.
func (s *sounds) place(position int, wait time.Duration, callable bool, language string) *media.Clip {
	var parts []*media.Clip
	add := func(names ...string) {
		for _, n := range names {
			parts = append(parts, s.say(n, language))
		}
	}
	if position >= 1 && position <= mostNumber {
		add("place", strconv.Itoa(position))
	}
	switch minutes := int((wait + time.Minute - 1) / time.Minute); {
	case minutes <= 0:
	case minutes == 1:
		add("wait", "minute")
	case minutes <= mostNumber:
		add("wait", strconv.Itoa(minutes), "minutes")
	default:
		add("wait", "long")
	}
	if callable {
		add("callback")
	}
	if len(parts) == 0 {
		return nil
	}
	return media.Row(parts...)
}
