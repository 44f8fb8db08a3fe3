// Package frametest holds the frames that tests hear to docs/frames.json. It is stricter than
// the schema, which lets a program meet fields that it does not know: a field that is not
// described there is a fault.
package frametest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Schema is docs/frames.json.
type Schema struct{ defs map[string]any }

type object = map[string]any

// Read reads the committed schema. It panics without one: every test would fail.
func Read(file string) *Schema {
	body, err := os.ReadFile(file) //nolint:gosec // of this repository
	var doc object
	if err == nil {
		err = json.Unmarshal(body, &doc)
	}
	if err != nil {
		panic(err)
	}
	defs, _ := doc["$defs"].(object)
	return &Schema{defs}
}

// Fault says what is wrong with a frame: def is AgentHears, AgentSays, VisitorHears or
// VisitorSays. Empty when the frame is as described.
func (s *Schema) Fault(def string, frame []byte) string {
	var v object
	if err := json.Unmarshal(frame, &v); err != nil {
		return err.Error()
	}
	all, _ := s.defs[def].(object)
	kinds, _ := all["oneOf"].([]any)
	for _, kind := range kinds {
		one := s.whole(kind)
		if properties, _ := one["properties"].(object); s.fault(properties["t"], v["t"], "") == "" {
			return s.fault(one, v, fmt.Sprint(v["t"]))
		}
	}
	return fmt.Sprintf("%s: %q is not described", def, v["t"])
}

// whole is a schema with what it refers to: both hold (JSON Schema Core 2020-12 §8.2.3.1).
func (s *Schema) whole(of any) object {
	one, _ := of.(object)
	ref, ok := one["$ref"].(string)
	if !ok {
		return one
	}
	out := maps.Clone(s.whole(s.defs[strings.TrimPrefix(ref, "#/$defs/")]))
	if out == nil {
		return object{"enum": []any{"nothing: there is no " + ref}}
	}
	for key, v := range one {
		was, _ := out[key].(object)
		now, both := v.(object)
		switch {
		case key == "required":
			more, _ := v.([]any)
			required, _ := out[key].([]any)
			out[key] = slices.Concat(required, more)
		case was != nil && both:
			merged := maps.Clone(was)
			maps.Copy(merged, now)
			out[key] = merged
		default:
			out[key] = v
		}
	}
	return out
}

// fault is the first thing wrong with a value.
func (s *Schema) fault(of, v any, at string) string {
	one := s.whole(of)
	if enum, ok := one["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Sprintf("%s is %v, none of %v", at, v, enum)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if some, ok := one[key].([]any); ok {
			return s.alternatives(key, some, v, at)
		}
	}
	if kinds := typesOf(one["type"]); len(kinds) > 0 && !slices.ContainsFunc(kinds, func(kind string) bool { return is(kind, v) }) {
		return fmt.Sprintf("%s is %v, no %v", at, v, kinds)
	}
	switch v := v.(type) {
	case string:
		return faultOfText(one, v, at)
	case []any:
		for n, item := range v {
			if f := s.fault(one["items"], item, fmt.Sprintf("%s[%d]", at, n)); f != "" {
				return f
			}
		}
	case object:
		return s.faultOfObject(one, v, at)
	}
	return ""
}

func (s *Schema) alternatives(key string, some []any, v any, at string) string {
	var faults []string
	for _, of := range some {
		if f := s.fault(of, v, at); f != "" {
			faults = append(faults, f)
		}
	}
	fit := len(some) - len(faults)
	switch {
	case fit == 0:
		return at + " fits none: " + strings.Join(faults, "; ")
	case fit > 1 && key == "oneOf":
		return at + " fits several"
	}
	return ""
}

func (s *Schema) faultOfObject(one, v object, at string) string {
	required, _ := one["required"].([]any)
	for _, name := range required {
		if _, ok := v[fmt.Sprint(name)]; !ok {
			return fmt.Sprintf("%s has no %v", at, name)
		}
	}
	properties, _ := one["properties"].(object)
	rest, others := one["additionalProperties"].(object)
	for name, value := range v {
		of, ok := properties[name]
		switch {
		case ok:
		case others:
			of = rest
		case len(properties) > 0:
			return fmt.Sprintf("%s.%s is not described", at, name)
		}
		if f := s.fault(of, value, at+"."+name); f != "" {
			return f
		}
	}
	return ""
}

func faultOfText(one object, v, at string) string {
	if pattern, ok := one["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(v) {
		return fmt.Sprintf("%s is %q, not as %s", at, v, pattern)
	}
	if one["format"] == "date-time" {
		if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
			return at + ": " + err.Error()
		}
	}
	return ""
}

func typesOf(v any) (kinds []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, kind := range v {
			kinds = append(kinds, fmt.Sprint(kind))
		}
	}
	return kinds
}

// is says whether a value is of a JSON Schema type.
func is(kind string, v any) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	case object:
		return kind == "object"
	}
	return false
}
