package blob_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/vaxelhq/vaxel/gateway/blob"
)

// The key of an object is the SHA-256 of its content, so the same content is one object.
func ExampleDir() {
	root, err := os.MkdirTemp("", "vaxel-blob-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root)
	objects, err := blob.NewDir(root)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	first, err := objects.Put(ctx, strings.NewReader("a picture"))
	if err != nil {
		panic(err)
	}
	again, err := objects.Put(ctx, strings.NewReader("a picture"))
	if err != nil {
		panic(err)
	}
	fmt.Println(first.Key == again.Key, first.Size, "bytes")

	body, _, err := objects.Open(ctx, first.Key)
	if err != nil {
		panic(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	fmt.Println(string(content), err)

	_, _, err = objects.Open(ctx, strings.Repeat("0", 64))
	fmt.Println(err)
	// Output:
	// true 9 bytes
	// a picture <nil>
	// no_such_file: there is no such file; if you have attached it a long time ago, attach it again
}
