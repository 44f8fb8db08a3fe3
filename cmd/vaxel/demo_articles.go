package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/vaxelhq/vaxel/kb"
)

// sampleArticles is the FAQ of an outdoor shop that does not exist.
//
//go:embed sample/articles
var sampleArticles embed.FS

var sampleShop = kb.Site{Name: "Nordvind", Icon: "tent"}

// importArticles brings them in and indexes them, so that the first search finds them.
func (d *demo) importArticles(ctx context.Context) error {
	folder, err := fs.Sub(sampleArticles, "sample/articles")
	if err != nil {
		return fmt.Errorf("open the sample articles: %w", err)
	}
	done, err := d.kb.Import(ctx, "sample", folder)
	if err != nil {
		return err
	}
	d.log.InfoContext(ctx, "sample articles imported", "created", done.Created, "unchanged", done.Unchanged)
	return d.kb.Sync(ctx)
}
