package bus

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// What crosses NATS is fields with their lengths: a hint, a question, an answer. JSON
// would look at every byte of every hint on each node.

// maxFrame is below the 1 MiB that a NATS server takes unless told otherwise.
const maxFrame = 1<<20 - 4096

type hint struct {
	run     string
	n       uint64 // 1, 2, 3 … for each run
	subject string
	data    []byte
}

func (h hint) append(out []byte) []byte {
	out = binary.AppendUvarint(appendText(out, h.run), h.n)
	return append(appendText(out, h.subject), h.data...)
}

func parseHint(in []byte) (h hint, ok bool) {
	if ok = takeText(&in, &h.run) && takeNumber(&in, &h.n) && takeText(&in, &h.subject); ok && len(in) > 0 {
		h.data = in
	}
	return h, ok
}

type question struct {
	patience time.Duration // how much longer the asker waits
	key      string
	body     []byte
}

func (q question) append(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(max(0, q.patience)))
	return append(appendText(out, q.key), q.body...)
}

func parseQuestion(in []byte) (q question, ok bool) {
	var n uint64
	ok = takeNumber(&in, &n) && takeText(&in, &q.key)
	q.patience, q.body = min(time.Duration(n), time.Hour), in // a hand of ours wrote it; negative ends at once
	return q, ok
}

var errTooLong = errors.New("the answer is longer than the bus carries")

// reply is an answer, or a refusal.
func reply(body []byte, err error) []byte {
	if err == nil && len(body) > maxFrame {
		err = errTooLong
	}
	if err != nil {
		return append([]byte{1}, encode(err)...)
	}
	return append([]byte{0}, body...)
}

func parseReply(in []byte) ([]byte, error) {
	if len(in) == 0 {
		return nil, silent
	}
	if in[0] != 0 {
		return nil, decode(in[1:])
	}
	return in[1:], nil
}

// token makes a name fit for a NATS subject.
func token(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func takeText(in *[]byte, s *string) bool {
	n, used := binary.Uvarint(*in)
	if used <= 0 || n > uint64(len(*in)-used) {
		return false
	}
	end := used + int(n) // within in
	*s, *in = string((*in)[used:end]), (*in)[end:]
	return true
}

func takeNumber(in *[]byte, v *uint64) bool {
	n, used := binary.Uvarint(*in)
	if used <= 0 {
		return false
	}
	*v, *in = n, (*in)[used:]
	return true
}
