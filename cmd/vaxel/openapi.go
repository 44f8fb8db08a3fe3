package main

import (
	"fmt"
	"reflect"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/gateway/api"
)

type openAPICmd struct {
	Frames bool `help:"Print the JSON Schema of the sockets' frames instead."`
}

// Run prints the contract as docs/openapi.json has it, or the frames as docs/frames.json.
func (c openAPICmd) Run() error {
	write := api.Contract
	if c.Frames {
		write = frames
	}
	body, err := write()
	if err == nil {
		fmt.Print(string(body))
	}
	return err
}

// frames brings together what the rooms tell over sockets.
func frames() ([]byte, error) {
	in, out, says, hears := chat.Frames()
	pages := map[string]api.Wire{}
	for name, w := range collaborate.Frames() {
		pages[name] = api.Wire(w)
	}
	return api.Frames(api.Elsewhere{
		Told:        map[string]reflect.Type{"call.changed": reflect.TypeFor[voice.CallNews]()},
		VisitorSays: api.Wire{Of: in, Frames: says}, VisitorHears: api.Wire{Of: out, Frames: hears},
		Collaborate: pages,
	})
}
