package gateway

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Clean makes text from outside fit for PostgreSQL: valid UTF-8 without NUL.
func Clean(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// CleanJSON does the same for a JSON document, where a NUL hides in an escape. What is
// not JSON is given back as it is, for the store to refuse.
func CleanJSON(doc json.RawMessage) json.RawMessage {
	if !bytes.Contains(doc, []byte(`\u0000`)) {
		if utf8.Valid(doc) && bytes.IndexByte(doc, 0) < 0 {
			return doc
		}
		return json.RawMessage(Clean(string(doc)))
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber() // ids are larger than a float64 holds
	if d.Decode(&v) != nil {
		return doc
	}
	clean, err := json.Marshal(cleanValue(v))
	if err != nil {
		return doc
	}
	return clean
}

func cleanValue(v any) any {
	switch v := v.(type) {
	case string:
		return Clean(v)
	case []any:
		for i := range v {
			v[i] = cleanValue(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for k, inner := range v {
			clean[Clean(k)] = cleanValue(inner)
		}
		return clean
	}
	return v
}
