package api

import (
	"context"
	"regexp"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// inText are the pictures that an HTML text has from the files of its own mail (RFC 2392 §2).
var inText = regexp.MustCompile(`(?i)\bsrc\s*=\s*["']?cid:([^"'\s>]+)`)

// carried refuses files that nobody has uploaded, and a text with pictures that are none of the
// files: its reader would see that something is missing.
func (s *Server) carried(ctx context.Context, html string, files []gateway.Attachment) error {
	for _, picture := range inText.FindAllStringSubmatch(html, -1) {
		if !slices.ContainsFunc(files, func(a gateway.Attachment) bool { return a.CID == picture[1] }) {
			return &gateway.Error{
				Kind: gateway.KindUnprocessed, Code: "picture_missing", Data: map[string]string{"cid": picture[1]},
				Detail: "the text shows a picture that is not among the mail's attachments; take it out, or put it in once more",
			}
		}
	}
	return s.stored(ctx, files)
}
