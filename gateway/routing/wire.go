package routing

import (
	"encoding/json"
	"fmt"

	"github.com/vaxelhq/vaxel/gateway"
)

// MarshalEvent writes an event for the routing log.
func MarshalEvent(ev Event) ([]byte, error) {
	if cmd, ok := ev.(gateway.Command); ok {
		return gateway.MarshalCommand(cmd)
	}
	var name string
	switch ev.(type) {
	case Configure:
		name = "Configure"
	case Admit:
		name = "Admit"
	case Regroup:
		name = "Regroup"
	case Settle:
		name = "Settle"
	case Wake:
		name = "Wake"
	case Recover:
		name = "Recover"
	default:
		return nil, fmt.Errorf("marshal event: %T is none", ev)
	}
	body, err := json.Marshal(ev)
	if err != nil {
		return nil, fmt.Errorf("marshal event %s: %w", name, err)
	}
	return gateway.Envelope{Name: name, Body: body}.Seal(), nil
}

// UnmarshalEvent reads what MarshalEvent wrote.
func UnmarshalEvent(data []byte) (Event, error) {
	e, err := gateway.OpenEnvelope(data)
	if err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	switch e.Name {
	case "Configure":
		return read[Configure](e)
	case "Admit":
		return read[Admit](e)
	case "Regroup":
		return read[Regroup](e)
	case "Settle":
		return read[Settle](e)
	case "Wake":
		return read[Wake](e)
	case "Recover":
		return read[Recover](e)
	}
	return gateway.UnmarshalCommand(data)
}

func read[E any](e gateway.Envelope) (Event, error) {
	var ev E
	if err := json.Unmarshal(e.Body, &ev); err != nil {
		return nil, fmt.Errorf("read event %s: %w", e.Name, err)
	}
	return ev, nil
}
