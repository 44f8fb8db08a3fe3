package index

import (
	"cmp"
	"math"
	"slices"
)

// near finds the words of the texts that are spelled like another: its inflections, the
// compounds that it is part of, and what was meant by a mistyped one.
type near struct {
	of    [][]uint32 // words that hold a piece, by its number
	sizes []uint16   // pieces of a word, by its number
}

// kin is a word that may stand for another, and how surely, 0 to 1.
type kin struct {
	number uint32
	like   float64
}

// synonymSure is how surely a synonym stands for its word.
const synonymSure = 0.9

const (
	maxKin     = 4
	minLike    = 0.5
	minPieces  = 3    // shorter words are like too many others
	commonMost = 2000 // words that share a piece; it tells nothing then
)

// add tells of the next word.
func (n *near) add(word uint32, own []uint32) {
	n.sizes = append(n.sizes, uint16(min(len(own), math.MaxUint16)))
	for _, p := range own {
		for int(p) >= len(n.of) {
			n.of = append(n.of, nil)
		}
		n.of[p] = append(n.of[p], word)
	}
}

// find gives the words most like one with these pieces, some of them unknown, that still
// stand somewhere, best first. Shared is zero for every word, and is so again.
func (n *near) find(own []uint32, size int, shared []uint16, alive func(uint32) bool) []kin {
	if size < minPieces {
		return nil
	}
	var met []uint32
	for _, p := range own {
		if int(p) >= len(n.of) {
			continue // no stem has it
		}
		words := n.of[p]
		if len(words) > commonMost {
			continue
		}
		for _, w := range words {
			if shared[w] == 0 {
				met = append(met, w)
			}
			shared[w]++
		}
	}
	var all []kin
	for _, w := range met {
		if like := alikeness(int(shared[w]), size, int(n.sizes[w])); like >= minLike && alive(w) {
			all = append(all, kin{w, kinWeight * like})
		}
		shared[w] = 0
	}
	slices.SortFunc(all, func(a, b kin) int { return cmp.Or(cmp.Compare(b.like, a.like), cmp.Compare(a.number, b.number)) })
	return all[:min(maxKin, len(all))]
}

// alikeness is Dice's measure, or for a word inside a longer one a little less than all.
func alikeness(shared, a, b int) float64 {
	like := 2 * float64(shared) / float64(a+b)
	if least := min(a, b); least > minPieces {
		like = max(like, 0.8*float64(shared)/float64(least))
	}
	return like
}
