package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"

	"github.com/vaxelhq/vaxel/gateway"
)

// Events cross the bus and lie in the log as fields with their lengths. JSON would look at
// every byte of every event three times, on each node, also where nobody listens. One that is
// told to several topics stands there once, with all of them.

func encode(events []gateway.Event) []byte {
	out := make([]byte, 0, room(events))
	for same := range told(events) {
		out = appendEvent(out, same)
	}
	return out
}

// told gives the events one by one, each as often as it has topics.
func told(events []gateway.Event) iter.Seq[[]gateway.Event] {
	return func(yield func([]gateway.Event) bool) {
		for rest := events; len(rest) > 0; {
			n := 1
			for n < len(rest) && alike(rest[n], rest[n-1]) {
				n++
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// alike says whether two events are one that is told to two topics.
func alike(e, before gateway.Event) bool {
	return e.Topic != before.Topic && e.Type == before.Type && e.Conversation == before.Conversation && e.Rev == before.Rev && bytes.Equal(e.Data, before.Data)
}

// room is what the events take at most.
func room(events []gateway.Event) (size int) {
	for same := range told(events) {
		size += topicsOf(same) + len(same[0].Type) + len(same[0].Data) + 3*binary.MaxVarintLen32 + 2*binary.MaxVarintLen64
	}
	return size
}

// topicsOf is how long the topics are, with spaces between.
func topicsOf(same []gateway.Event) (size int) {
	for _, e := range same {
		size += len(e.Topic) + 1
	}
	return size - 1
}

// appendEvent writes one event, given once for each of its topics.
func appendEvent(out []byte, same []gateway.Event) []byte {
	e := same[0]
	out = binary.AppendUvarint(out, uint64(topicsOf(same)))
	out = append(out, e.Topic...)
	for _, more := range same[1:] {
		out = append(append(out, ' '), more.Topic...)
	}
	out = appendField(out, e.Type)
	out = binary.AppendVarint(out, int64(e.Conversation))
	out = binary.AppendVarint(out, e.Rev)
	return appendField(out, e.Data)
}

func appendField[T ~string | ~[]byte](out []byte, field T) []byte {
	return append(binary.AppendUvarint(out, uint64(len(field))), field...)
}

var errGarbled = errors.New("garbled announcement")

// decode calls each for every event until it returns an error. Topics, with spaces between, and
// data lie in the announcement and must not be changed.
func decode(data []byte, each func(topics []byte, event gateway.Event)) error {
	for len(data) > 0 {
		var topics, kind, body []byte
		var conversation, rev int64
		ok := take(&data, &topics) && take(&data, &kind) && takeInt(&data, &conversation) && takeInt(&data, &rev) && take(&data, &body)
		if !ok {
			return errGarbled
		}
		each(topics, gateway.Event{Type: string(kind), Conversation: gateway.ConversationID(conversation), Rev: rev, Data: body})
	}
	return nil
}

func take(data, field *[]byte) bool {
	n, used := binary.Uvarint(*data)
	if used <= 0 || n > uint64(len(*data)-used) {
		return false
	}
	end := used + int(n)
	*field, *data = (*data)[used:end:end], (*data)[end:]
	return true
}

func takeInt(data *[]byte, v *int64) bool {
	n, used := binary.Varint(*data)
	if used <= 0 {
		return false
	}
	*v, *data = n, (*data)[used:]
	return true
}
