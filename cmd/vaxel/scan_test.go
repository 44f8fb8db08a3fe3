package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

func TestScanner(t *testing.T) {
	t.Parallel()
	scan := ChatConfig{Scan: []string{"/bin/sh", "-c", `case $(cat) in clean) exit 0;; virus) exit 1;; *) echo "no database"; exit 2;; esac`}}.scanner()
	if err := scan(t.Context(), "a.txt", strings.NewReader("clean")); err != nil {
		t.Error(err)
	}
	if err := scan(t.Context(), "a.txt", strings.NewReader("virus")); !errors.Is(err, gateway.ErrInvalid) {
		t.Errorf("what may do harm is answered %v", err)
	}
	if err := scan(t.Context(), "a.txt", strings.NewReader("?")); err == nil || errors.Is(err, gateway.ErrInvalid) || !strings.Contains(err.Error(), "no database") {
		t.Errorf("a scanner in trouble is answered %v", err)
	}
	if (ChatConfig{}).scanner() != nil {
		t.Error("there is a scanner without a program")
	}
}
