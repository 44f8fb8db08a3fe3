package main

import (
	"context"

	"github.com/vaxelhq/vaxel/gateway/blob"
)

// PutAll stores what lies in memory, and gives its keys in order.
func (f files) PutAll(ctx context.Context, contents [][]byte) ([]string, error) {
	infos, err := f.Store.PutAll(ctx, contents)
	return mapped(infos, func(i blob.Info) string { return i.Key }), err
}
