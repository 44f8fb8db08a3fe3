package main

import (
	"fmt"

	"github.com/vaxelhq/vaxel/gateway/api"
)

type openAPICmd struct{}

// Run prints the contract, as docs/openapi.json has it.
func (openAPICmd) Run() error {
	body, err := api.Contract()
	if err == nil {
		fmt.Print(string(body))
	}
	return err
}
