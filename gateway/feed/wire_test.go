package feed

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

func TestAnnouncementSurvivesTheWire(t *testing.T) {
	want := []gateway.Event{
		{Type: "message.created", Topic: "conversation:1", Conversation: 1, Rev: 1 << 40, Data: []byte(`{"text":"å"}`)},
		{Type: "typing", Topic: "agent:9", Rev: -1, Data: []byte{}},
	}
	var got []gateway.Event
	err := decode(encode(want), func(topic []byte, e gateway.Event) {
		e.Topic = string(topic)
		got = append(got, e)
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A node of another version, or a stranger on the bus, must not take this one down.
func FuzzAnnouncement(f *testing.F) {
	f.Add(encode([]gateway.Event{{Type: "t", Topic: "a", Conversation: 3, Rev: 7, Data: []byte("{}")}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		var events []gateway.Event
		if decode(data, func(topic []byte, e gateway.Event) {
			e.Topic = string(topic)
			events = append(events, e)
		}) != nil {
			return
		}
		if err := decode(encode(events), func([]byte, gateway.Event) {}); err != nil {
			t.Errorf("read %d events, but not again: %v", len(events), err)
		}
	})
}
