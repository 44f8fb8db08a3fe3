package main

// mapped says a list of one room's things in the words of another, in their order. An empty
// one is empty, not nil: the API answers [] and never null.
func mapped[T, U any](list []T, said func(T) U) []U {
	out := make([]U, len(list))
	for i, thing := range list {
		out[i] = said(thing)
	}
	return out
}
