package kb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Limits on a folder that is imported.
const (
	maxFiles    = 100_000
	maxFile     = 1 << 20                // bytes
	importBatch = 150 * time.Millisecond // of one transaction, so that the feed never waits long
)

// categoriesFile lists the headings of the help centre.
const categoriesFile = "categories.json"

// Imported says what became of a folder's articles.
type Imported struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
}

// Import reads a folder of Markdown files, LANGUAGE/NUMBER-SLUG.md, and categories.json if
// it is there. What has a known number is updated if it differs; nothing is removed.
// Import of what Export wrote changes nothing.
func (s *Store) Import(ctx context.Context, by string, folder fs.FS) (Imported, error) {
	var done Imported
	list, headings, err := readFolder(folder)
	if err != nil {
		return done, fmt.Errorf("import articles: %w", err)
	}
	if headings != nil {
		if err := s.SetCategories(ctx, headings); err != nil {
			return done, err
		}
	}
	for len(list) > 0 {
		taken := 0
		err := s.change(ctx, func(e *Editor) (err error) {
			taken, err = importSome(ctx, e.tx, by, list, &done)
			return err
		})
		if err != nil {
			return done, fmt.Errorf("import articles: %w", err)
		}
		list = list[taken:]
	}
	return done, nil
}

// importSome brings in articles until the transaction has lasted long enough.
func importSome(ctx context.Context, tx pgx.Tx, by string, list []Article, done *Imported) (taken int, err error) {
	end := time.Now().Add(importBatch)
	for _, a := range list {
		if taken > 0 && time.Now().After(end) {
			break
		}
		if err := importOne(ctx, tx, by, a, done); err != nil {
			return taken, fmt.Errorf("article %d: %w", a.Number, err)
		}
		taken++
	}
	return taken, nil
}

func importOne(ctx context.Context, tx pgx.Tx, by string, a Article, done *Imported) error {
	had, err := articles(ctx, tx, "where a.number = $1 group by a.id", a.Number)
	switch {
	case err != nil:
		return err
	case len(had) == 0:
		done.Created++
		return create(ctx, tx, by, &a)
	case had[0].same(a):
		done.Unchanged++
		return nil
	}
	done.Updated++
	return update(ctx, tx, by, had[0], &a)
}

func (a Article) same(other Article) bool {
	return a.Category == other.Category && a.Visibility == other.Visibility && maps.EqualFunc(a.Wordings, other.Wordings, Wording.same)
}

// readFolder gives the folder's articles by number. An error names the file.
func readFolder(folder fs.FS) ([]Article, []Category, error) {
	byNumber := map[int64]Article{}
	var headings []Category
	files := 0
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if files++; files > maxFiles {
			return gateway.Invalid("too_many_files", fmt.Sprintf("An import may hold %d files.", maxFiles))
		}
		switch {
		case name == categoriesFile:
			headings, err = readCategories(folder)
		case path.Ext(name) == ".md":
			err = readInto(byNumber, folder, name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	list := slices.SortedFunc(maps.Values(byNumber), func(a, b Article) int { return int(a.Number - b.Number) })
	for i, a := range list {
		if list[i], err = a.tidied(); err != nil {
			return nil, nil, fmt.Errorf("article %d: %w", a.Number, err)
		}
	}
	return list, headings, nil
}

// readInto adds a file to the article of its number.
func readInto(byNumber map[int64]Article, folder fs.FS, name string) error {
	language, base, ok := strings.Cut(name, "/")
	number, slug, dashed := strings.Cut(strings.TrimSuffix(base, ".md"), "-")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || !dashed || err != nil || strings.Contains(base, "/") {
		return gateway.Invalid("bad_file_name", "Name an article's file LANGUAGE/NUMBER-SLUG.md.")
	}
	body, err := readAll(folder, name)
	if err != nil {
		return err
	}
	f, err := readFile(language, slug, string(body))
	if err != nil {
		return err
	}
	a, had := byNumber[n]
	switch {
	case f.number != n:
		return gateway.Invalid("bad_number", fmt.Sprintf("The file's name says number %d, its head %d.", n, f.number))
	case had && (a.Category != f.category || a.Visibility != f.visibility):
		return gateway.Invalid("bad_front_matter", "The article's languages disagree on category or visibility.")
	case !had:
		a = Article{Number: n, Category: f.category, Visibility: f.visibility, Wordings: map[string]Wording{}}
	}
	if _, twice := a.Wordings[language]; twice {
		return gateway.Invalid("bad_number", "Two files of one language have the same number.")
	}
	a.Wordings[language] = f.wording
	byNumber[n] = a
	return nil
}

func readCategories(folder fs.FS) ([]Category, error) {
	body, err := readAll(folder, categoriesFile)
	if err != nil {
		return nil, err
	}
	var list []Category
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return list, nil
}

// readAll reads a file that is not too large, whatever its size is said to be.
func readAll(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(body) > maxFile {
		err = gateway.Invalid("too_large", fmt.Sprintf("A file may have %d bytes.", maxFile))
	}
	return body, err
}

// Export gives every article, whatever its state, and the categories, as the files that
// Import reads; put gets each with its path.
func (s *Store) Export(ctx context.Context, put func(name string, body []byte) error) error {
	list, err := articles(ctx, s.pool, "group by a.id order by a.number")
	if err != nil {
		return fmt.Errorf("export articles: %w", err)
	}
	headings, err := s.Categories(ctx)
	if err != nil {
		return err
	}
	body, err := categoriesBody(headings)
	if err != nil {
		return err
	}
	if err := put(categoriesFile, body); err != nil {
		return fmt.Errorf("export categories: %w", err)
	}
	for _, a := range list {
		for _, language := range slices.Sorted(maps.Keys(a.Wordings)) {
			f := file{a.Number, language, a.Category, a.Visibility, a.Wordings[language]}
			if err := put(f.name(), f.bytes()); err != nil {
				return fmt.Errorf("export article %d: %w", a.Number, err)
			}
		}
	}
	return nil
}

// Categories gives the headings of the help centre, in their order.
func (s *Store) Categories(ctx context.Context) ([]Category, error) {
	list, err := categories(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("list categories: %w", err)
	}
	return list, nil
}

func categoriesBody(headings []Category) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(headings); err != nil {
		return nil, fmt.Errorf("export categories: %w", err)
	}
	return b.Bytes(), nil
}
