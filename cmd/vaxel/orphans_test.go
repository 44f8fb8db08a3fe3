package main

import (
	"slices"
	"testing"
	"time"
)

func TestANodeIsGoneAfterTwoMinutes(t *testing.T) {
	start, away := time.Now(), map[string]time.Time{}
	for _, step := range []struct {
		after time.Duration
		open  []string
		there map[string]bool
		want  []string
	}{
		{0, []string{"a", "b"}, map[string]bool{"a": true}, nil},
		{119 * time.Second, []string{"a", "b"}, map[string]bool{"a": true}, nil},
		{120 * time.Second, []string{"a", "b"}, map[string]bool{"a": true}, []string{"b"}},
		{130 * time.Second, []string{"a", "b"}, map[string]bool{"a": true, "b": true}, nil},
		{140 * time.Second, []string{"a", "b"}, map[string]bool{"a": true}, nil},
		{250 * time.Second, []string{"a"}, map[string]bool{"a": true}, nil},
		{270 * time.Second, []string{"b"}, nil, nil}, // begins to count anew
	} {
		if got := gone(step.open, step.there, away, start.Add(step.after)); !slices.Equal(got, step.want) {
			t.Errorf("after %v: %v are gone, want %v", step.after, got, step.want)
		}
	}
}
