package index_test

import (
	"context"
	"fmt"
	"os"

	"github.com/vaxelhq/vaxel/kb/index"
)

// An index is opened, loaded with what there is, and asked. Words are found in any
// inflection, and a question that no text answers finds none.
func Example() {
	dir, err := os.MkdirTemp("", "vaxel-index-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	texts, err := index.Open(dir, "en")
	if err != nil {
		panic(err)
	}
	defer texts.Close()

	// The number of the last change to the texts; the index keeps it with them.
	const change = 2
	_, err = texts.Load(change, []index.Doc{
		{ID: "returns", Title: "Returning a bicycle", Body: "Send it back within 30 days.", Change: 1},
		{ID: "lights", Title: "Which lights do I need?", Alternates: []string{"lamps in winter"}, Body: "White in front, red behind.", Change: 2},
	})
	if err != nil {
		panic(err)
	}

	const cover = 0.28 // as agents are answered; customers only what is surer, at 0.42
	for _, question := range []string{"can I return my bicycles?", "lamps for winter", "how tall is the king"} {
		hits, err := index.Search(context.Background(), question, 3, cover, texts)
		if err != nil {
			panic(err)
		}
		fmt.Print(question, " →")
		for _, h := range hits {
			fmt.Print(" ", h.ID)
		}
		fmt.Println()
	}
	// Output:
	// can I return my bicycles? → returns
	// lamps for winter → lights
	// how tall is the king →
}
