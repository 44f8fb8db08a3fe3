package main

import "context"

// PutAll stores what lies in memory, and gives its keys in order.
func (f files) PutAll(ctx context.Context, contents [][]byte) ([]string, error) {
	infos, err := f.Store.PutAll(ctx, contents)
	keys := make([]string, len(infos))
	for i, info := range infos {
		keys[i] = info.Key
	}
	return keys, err
}
