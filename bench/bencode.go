package bench

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// errBencode says that an answer was none of the ng protocol's.
var errBencode = errors.New("malformed bencode")

// bencode writes a dictionary of strings and lists of strings (BEP 3), its keys in order.
func bencode(dict map[string]any) string {
	var s strings.Builder
	s.WriteByte('d')
	for _, key := range slices.Sorted(maps.Keys(dict)) {
		fmt.Fprintf(&s, "%d:%s", len(key), key)
		switch v := dict[key].(type) {
		case string:
			fmt.Fprintf(&s, "%d:%s", len(v), v)
		case []string:
			s.WriteByte('l')
			for _, e := range v {
				fmt.Fprintf(&s, "%d:%s", len(e), e)
			}
			s.WriteByte('e')
		}
	}
	s.WriteByte('e')
	return s.String()
}

// bdecode reads one value: a string, an int, a []any or a map[string]any, and gives what
// stands behind it.
func bdecode(s string) (v any, rest string, err error) {
	if s == "" {
		return nil, "", errBencode
	}
	switch s[0] {
	case 'i':
		digits, rest, ended := strings.Cut(s[1:], "e")
		n, err := strconv.Atoi(digits)
		if !ended || err != nil {
			return nil, "", errBencode
		}
		return n, rest, nil
	case 'l', 'd':
		list, rest, err := bdecodeList(s[1:])
		if err != nil || s[0] == 'l' {
			return list, rest, err
		}
		dict, err := pairs(list)
		return dict, rest, err
	}
	digits, rest, _ := strings.Cut(s, ":")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > len(rest) {
		return nil, "", errBencode
	}
	return rest[:n], rest[n:], nil
}

func bdecodeList(s string) (list []any, rest string, err error) {
	for !strings.HasPrefix(s, "e") {
		var v any
		if v, s, err = bdecode(s); err != nil {
			return nil, "", err
		}
		list = append(list, v)
	}
	return list, s[1:], nil
}

func pairs(list []any) (map[string]any, error) {
	dict := map[string]any{}
	for ; len(list) > 1; list = list[2:] {
		key, ok := list[0].(string)
		if !ok {
			return nil, errBencode
		}
		dict[key] = list[1]
	}
	return dict, nil
}
