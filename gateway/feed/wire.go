package feed

import (
	"encoding/binary"
	"errors"

	"github.com/vaxelhq/vaxel/gateway"
)

// Announcements cross the bus as fields with their lengths. JSON would look at every byte
// of every event three times, on each node, also where nobody listens.

func encode(events []gateway.Event) []byte {
	size := 0
	for _, e := range events {
		size += len(e.Topic) + len(e.Type) + len(e.Data) + 3*binary.MaxVarintLen32 + 2*binary.MaxVarintLen64
	}
	out := make([]byte, 0, size)
	for _, e := range events {
		out = appendField(out, e.Topic)
		out = appendField(out, e.Type)
		out = binary.AppendVarint(out, int64(e.Conversation))
		out = binary.AppendVarint(out, e.Rev)
		out = appendField(out, e.Data)
	}
	return out
}

func appendField[T ~string | ~[]byte](out []byte, field T) []byte {
	return append(binary.AppendUvarint(out, uint64(len(field))), field...)
}

var errGarbled = errors.New("garbled announcement")

// decode calls each for every event until it returns an error. Topic and data lie in the
// announcement and must not be changed.
func decode(data []byte, each func(topic []byte, event gateway.Event)) error {
	for len(data) > 0 {
		var topic, kind, body []byte
		var conversation, rev int64
		ok := take(&data, &topic) && take(&data, &kind) && takeInt(&data, &conversation) && takeInt(&data, &rev) && take(&data, &body)
		if !ok {
			return errGarbled
		}
		each(topic, gateway.Event{Type: string(kind), Conversation: gateway.ConversationID(conversation), Rev: rev, Data: body})
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
