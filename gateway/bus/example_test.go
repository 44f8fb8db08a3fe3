package bus_test

import (
	"context"
	"fmt"

	"github.com/vaxelhq/vaxel/gateway/bus"
)

// A hint goes to whoever subscribes, and says only that there is something to look at. A
// question goes to the one who serves the name, and is answered.
func Example() {
	b := bus.New()
	looked := make(chan string)
	stop := b.Subscribe("case.changed", func(id []byte) { looked <- "look at case " + string(id) })
	defer stop()
	b.Publish("case.changed", []byte("2001"))
	fmt.Println(<-looked)

	// The key lets the holder give its first answer again when the question is repeated,
	// which Ask does by itself when the holder moves to another node meanwhile.
	first := map[string]string{}
	gone := b.Serve("floor", func(_ context.Context, key string, question []byte) ([]byte, error) {
		if first[key] == "" {
			first[key] = fmt.Sprintf("%s: done as number %d", question, len(first)+1)
		}
		return []byte(first[key]), nil
	})
	defer gone()
	for _, key := range []string{"k1", "k2", "k1"} {
		answer, err := b.Ask(context.Background(), "floor", key, []byte("accept"))
		fmt.Println(string(answer), err)
	}
	// Output:
	// look at case 2001
	// accept: done as number 1 <nil>
	// accept: done as number 2 <nil>
	// accept: done as number 1 <nil>
}
