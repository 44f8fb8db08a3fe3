package main

import (
	"maps"
	"slices"
)

func sortedKeys[v any](m map[string]v) []string { return slices.Sorted(maps.Keys(m)) }

// nearest is the known word with the fewest edits from a mistyped one.
func nearest(word string, known []string) string {
	best, least := "", len(word)+64
	for _, k := range known {
		if d := edits(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
