package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// draft is a thing as an administrator sends it: whole to create it, or the fields to
// change. A field that is named is replaced whole.
type draft[T any] struct{ json.RawMessage }

// kept are the fields that nobody sets: the house gives them.
var kept = []string{"id", "rev", "identity", "codes", "created_at", "updated_at", "version"}

// phoneList is how phones are given to us: without id and verification.
var phoneList = reflect.TypeFor[[]phone]()

// Schema is T's without what is kept, and with nothing required.
func (draft[T]) Schema(r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	name := schemaName(t, "") + "Draft"
	if r.Map()[name] == nil {
		whole := optional(r.Schema(t, false, ""))
		whole.Properties = maps.Clone(whole.Properties)
		maps.DeleteFunc(whole.Properties, func(field string, _ *huma.Schema) bool { return slices.Contains(kept, field) })
		if t == reflect.TypeFor[roster.Agent]() {
			whole.Properties["phones"] = r.Schema(phoneList, true, "")
		}
		r.Map()[name] = optional(whole)
	}
	return &huma.Schema{Ref: schemaPrefix + name}
}

// over is the thing with the draft's fields in place of its own.
func (d draft[T]) over(thing T, rev *int64) (T, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(mustJSON(thing), &fields); err != nil {
		return thing, fmt.Errorf("read a %T: %w", thing, err)
	}
	if err := json.Unmarshal(d.RawMessage, &fields); err != nil {
		return thing, badDraft(err)
	}
	if rev != nil {
		fields["rev"] = mustJSON(*rev)
	}
	var changed T
	if err := json.Unmarshal(mustJSON(fields), &changed); err != nil {
		return thing, badDraft(err)
	}
	return changed, nil
}

func badDraft(err error) error {
	return gateway.Invalid("bad_request", "mend the request: "+err.Error())
}

// names are the fields that a draft sets, for the audit log.
func (d draft[T]) names() []string {
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(d.RawMessage, &fields) // over has read it
	return slices.Sorted(maps.Keys(fields))
}
