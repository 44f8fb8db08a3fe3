package chat

import (
	"embed"
	"encoding/json"
)

// Languages are those that the widget has words in.
var Languages = []string{"sv", "en", "de", "fi", "nb", "da", "ar"}

// voice is what the chat itself says to visitors in a language.
type voice struct {
	Nudge      string `json:"nudge"` // asks a silent visitor whether they are there
	Transcript script `json:"transcript"`
	// Continued is about what was written after they had gone.
	Continued struct {
		Said   string `json:"said"`   // on the conversation
		Before string `json:"before"` // in the mail, around the lines
		After  string `json:"after"`
	} `json:"continued"`
	// Refusals are by their codes; English stands where they are made. What only a wrong client
	// meets is said in English.
	Refusals map[string]string `json:"refusals"`
}

// script is what a transcript says.
type script struct {
	Subject string `json:"subject"` // before the widget's name
	Said    string `json:"said"`    // on the conversation
	You     string `json:"you"`     // who said what the visitor has said
}

//go:embed words
var wordFiles embed.FS

// voices are by language.
var voices = func() map[string]voice {
	all := map[string]voice{}
	for _, l := range Languages {
		text, err := wordFiles.ReadFile("words/" + l + ".json")
		var v voice
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil {
			panic(err) // our own files
		}
		all[l] = v
	}
	return all
}()
