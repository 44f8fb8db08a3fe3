// Package kb is the knowledge base: the FAQ's articles, the shortcuts that give their
// links, the search that agents and customers find them by, and the public help centre.
//
// PostgreSQL holds the articles; every node keeps a copy in memory and in indexes on its
// disk, in step within 2.5 s of a commit. It promises that what is typed meets memory
// only, never the database; that a stale edit is refused (conflict) and every version is
// kept; and that an internal article can not reach a customer: customers' paths go
// through Public, which holds public articles and nothing else.
package kb

import (
	"context"
	"log/slog"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// Bus carries hints between nodes; one may be lost.
type Bus interface {
	Publish(subject string, data []byte)
	Subscribe(subject string, f func(data []byte)) (cancel func())
}

// hint is the subject that says: articles have changed.
const hint = "kb"

// Config is where the knowledge base lives.
type Config struct {
	Dir       string // for this node's indexes; what is in it may be deleted at any time
	PublicURL string // what customers' browsers reach, without a slash at its end
}

// Store keeps articles and finds them for agents. It is safe for concurrent use.
type Store struct {
	*Public

	bus      Bus
	log      *slog.Logger
	internal *shelf // articles for agents only

	syncing sync.Mutex // one Sync at a time; guards seen
	seen    int64      // the change that the shelves are at; 0 before the first Sync
}

// Public is all that customers may read: public articles, in the languages in which they
// are published. It knows no others.
type Public struct {
	pool *pgxpool.Pool
	url  string
	open *shelf

	addresses *regexp.Regexp // of articles' pages

	mu         sync.RWMutex // guards what follows
	categories []Category
	popular    []gateway.ArticleID // most read lately, most first
}

// New gives the store in pool. It finds nothing before the first Sync; Run does it.
func New(pool *pgxpool.Pool, bus Bus, config Config, log *slog.Logger) *Store {
	return &Store{
		Public: &Public{
			pool: pool, url: config.PublicURL, addresses: addresses(config.PublicURL),
			open: newShelf(VisibilityPublic, filepath.Join(config.Dir, string(VisibilityPublic))),
		},
		bus: bus, log: log,
		internal: newShelf(VisibilityInternal, filepath.Join(config.Dir, string(VisibilityInternal))),
	}
}

// Customers gives what customers may read.
func (s *Store) Customers() *Public { return s.Public }

// close closes the indexes.
func (s *Store) close(ctx context.Context) {
	for _, shelf := range []*shelf{s.open, s.internal} {
		if err := shelf.close(); err != nil {
			s.log.WarnContext(ctx, "close the index", "err", err)
		}
	}
}
