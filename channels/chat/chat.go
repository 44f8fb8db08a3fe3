// Package chat is the customer's way to write to us: the widget's socket, its resume,
// and what the widget asks for before a person answers.
//
// Promises. A line is acknowledged after its commit, with its position; the same client
// id again gets the same answer. A socket gets every entry that its visitor may see, in
// the order of their positions, each once: live where nothing is missing, else from the
// timeline. A slow reader costs only itself. Nothing is kept here that a restart loses:
// the browser keeps its token and its unanswered lines, the store keeps the rest.
//
//	      hello            form                joined
//	(new) ─────→ pre ────────────→ queued ⇄ ──────────→ open
//	              │ │ closed         ↑  ↑ └── ended ─────┤
//	              │ └→ offline       │  └──── msg ─── ended
//	              └→ bot ────────────┘ handed over
//
// The phase moves with the stream of entries and never beside it, so that a widget which
// has all lines also shows the right state.
//
// Who runs: each socket has one goroutine that reads and does what frames ask, one frame
// after the other; a writer only while something is queued; at most one that reads what is
// missing. Locks: a session's, then its outlet's, then the server's; all are held for
// memory only, and events are heard under the session's.
package chat

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

// Intake takes a first line in: entry, case and place in the queue in one transaction,
// in which also runs (it keeps the visitor).
type Intake interface {
	Receive(ctx context.Context, a gateway.Arrival, also func(context.Context, pgx.Tx, gateway.Received) error) (gateway.Received, error)
}

// Timeline is where the conversation is kept.
type Timeline interface {
	// Say appends a line and gives it back once committed; the same client id again gives
	// the first one. What no interaction serves is refused with Config.Unserved.
	Say(ctx context.Context, e gateway.Entry) (gateway.Entry, error)
	// Entries lists what comes after a position, oldest first, at most limit.
	Entries(ctx context.Context, c gateway.ConversationID, after int64, limit int) ([]gateway.Entry, error)
	// Seen notes how far a reader has read and tells the others.
	Seen(ctx context.Context, c gateway.ConversationID, reader gateway.Author, pos int64) error
}

// Feed tells of what others committed, and others of what is not worth committing.
type Feed interface {
	// Watch calls heard for every event of the topics: after its commit, perhaps twice,
	// perhaps out of order, until cancel is called. heard must not block.
	Watch(topics []string, heard func(gateway.Event)) (cancel func())
	// Announce tells whoever listens now; nothing is kept.
	Announce(events ...gateway.Event)
}

// Floor takes commands.
type Floor interface {
	Do(ctx context.Context, key string, cmd gateway.Command) (gateway.Answer, error)
	// Reserve gives the number of an interaction to be.
	Reserve(ctx context.Context) (gateway.InteractionID, error)
}

// Board knows how things stand.
type Board interface {
	// Places says where conversations stand; those without an open interaction are absent.
	Places(ctx context.Context, of []gateway.ConversationID) (map[gateway.ConversationID]Place, error)
	// Opening says whether a queue takes chats now.
	Opening(ctx context.Context, queue gateway.QueueID) (Opening, error)
	// Settled says, in the transaction that has locked a case, whether it was closed after a time, or somebody
	// has talked with its customer.
	Settled(ctx context.Context, tx pgx.Tx, id gateway.CaseID, since time.Time) (bool, error)
}

// Place is where a conversation's open interaction stands.
type Place struct {
	Interaction gateway.InteractionID
	State       gateway.State
	Position    int           // 1 is next; 0 when not waiting
	Wait        time.Duration // expected from now; 0 when unknown
}

// Opening is what a customer is told before writing.
type Opening struct {
	Open  bool
	Until time.Time     // when it changes; zero when unknown
	Wait  time.Duration // expected; 0 when unknown
}

// Names gives the name that customers see of an agent.
type Names interface {
	AgentName(ctx context.Context, id gateway.AgentID) (string, error)
}

// Articles answers before a person is asked.
type Articles interface {
	// Search gives public articles that may answer q, best first.
	Search(ctx context.Context, q, language string, limit int) ([]gateway.ArticleCard, error)
	// Vote notes whether an article helped, once a voter: the same one's next vote replaces it.
	Vote(ctx context.Context, article gateway.ArticleID, language, voter string, helpful bool) error
}

// Config is what the chat needs of the house.
type Config struct {
	Log      *slog.Logger
	Pool     *pgxpool.Pool
	Intake   Intake
	Timeline Timeline
	Scribe   Scribe
	Unserved error // Timeline.Say's answer when nobody serves the conversation
	Feed     Feed
	Floor    Floor
	Board    Board
	Names    Names
	Articles Articles
	Blobs    Blobs
	Mail     Mail
	Secrets  Secrets
	Assets   http.Handler // the widget's own files: /w/v1.js and what it fetches, /w/preview

	// A visitor whose agent has written last is asked after NudgeAfter whether they are
	// there, and after SilentAfter the chat ends. Zero: never.
	NudgeAfter, SilentAfter time.Duration

	// LinesPerSecond is how many lines one visitor may write; those beyond it wait for
	// their turn. 5 unless set.
	LinesPerSecond int

	// BeginsPerMinute is how many chats and letters may begin from one address,
	// WidgetBeginsPerMinute at one widget; those beyond it are refused. 60 and 1,200 unless set.
	BeginsPerMinute, WidgetBeginsPerMinute int

	// FileMax is how many bytes a visitor's file may hold; zero: none are taken.
	FileMax int64
	Scan    Scan // nil: files are not looked into

	// BotNetworks are those in which bots may be asked too, beside public addresses by HTTPS.
	BotNetworks []netip.Prefix

	// Zone is that of the times in transcripts; UTC unless set.
	Zone *time.Location

	// Source is the address that a request comes from, past proxies.
	Source func(*http.Request) string
}

// Server holds the visitors' sockets of this node. Any node may have any visitor's.
type Server struct {
	Config
	*Store
	wheel    wheel
	called   atomic.Bool // the roll, since this node's start
	brakes   *buckets[tokenHash]
	bySource *buckets[netip.Prefix]
	byWidget *buckets[int64]
	byFile   *buckets[tokenHash]
	bots     *http.Client
	barred   atomic.Pointer[barred] // nil: not read lately

	mu       sync.Mutex                  // guards what follows; held for memory only
	work     func(func(context.Context)) // starts what Run waits for; nil while it does not run
	sessions map[*session]struct{}
	byToken  map[tokenHash]*session // the newest of each visitor here
	asking   map[tokenHash]int      // how often the bot of each visitor was woken while it is asked
}

// New makes a server; its sockets work while Run runs.
func New(c Config) *Server {
	c.Zone = cmp.Or(c.Zone, time.UTC)
	lines := cmp.Or(c.LinesPerSecond, linesPerSecond)
	return &Server{
		Config: c, Store: NewStore(c.Pool),
		brakes:   newBuckets[tokenHash](rate.Limit(lines), max(lines, linesBurst)),
		bySource: perMinute[netip.Prefix](cmp.Or(c.BeginsPerMinute, beginsPerMinute)),
		byWidget: perMinute[int64](cmp.Or(c.WidgetBeginsPerMinute, widgetBeginsPerMinute)),
		byFile:   perMinute[tokenHash](filesPerMinute),
		bots:     newBots(c.BotNetworks),
		wheel:    wheel{company: make(chan struct{}, 1)}, sessions: map[*session]struct{}{}, byToken: map[tokenHash]*session{}, asking: map[tokenHash]int{},
	}
}

// Handler serves everything below /w/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /w/v1.js", s.Assets)
	mux.Handle("GET /w/{language}/{file}", s.Assets)
	mux.Handle("GET /w/preview", s.Assets)
	mux.Handle("GET /w/preview.js", s.Assets)
	mux.HandleFunc("GET /w/socket", s.serveSocket)
	mux.HandleFunc("GET /w/config", s.serveConfig)
	mux.HandleFunc("GET /w/articles", s.serveArticles)
	mux.HandleFunc("POST /w/poll", s.servePoll)
	mux.HandleFunc("POST /w/files", s.serveUpload)
	mux.HandleFunc("GET /w/files/{conversation}/{pos}/{seal}", s.serveFile)
	return mux
}

// Run serves the sockets until ctx is done, then sends every visitor to another node (or
// to this one's successor) and has ended all that it started.
func (s *Server) Run(ctx context.Context) error {
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	var group sync.WaitGroup
	s.setWork(func(f func(context.Context)) {
		group.Go(func() { f(life) })
	})
	defer s.Feed.Watch([]string{topicClaims}, s.hearClaim)()
	defer s.Feed.Watch([]string{gateway.TopicBoard}, s.hearStep)()
	s.tick(ctx)
	s.closeAll()
	s.setWork(nil)
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(closeWait):
		kill() // a client that does not answer the close is cut off
		<-done
	}
	return nil
}

// tick moves the wheel and the queue's figures on once a second while somebody is here, and has
// what is due looked for every sweepBeat.
func (s *Server) tick(ctx context.Context) {
	second := time.NewTimer(s.rest())
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wheel.company:
		case <-second.C:
			s.everySecond(time.Now())
		}
		second.Reset(s.rest())
	}
}

// rest is how long it is until the next second that counts: who comes in between ends it.
func (s *Server) rest() time.Duration {
	if s.Visitors() == 0 {
		return beat.Next(sweepBeat * time.Second)
	}
	return beat.Next(time.Second)
}

// everySecond is what is done in one. What looks for something due does so one after the other, on
// a connection that is warm; who was blocked is cut off first.
func (s *Server) everySecond(now time.Time) {
	if s.Visitors() > 0 {
		s.wheel.turn()
		s.spawn(func(ctx context.Context) { s.tellPlaces(ctx, now) })
		s.spawn(func(ctx context.Context) { s.sweepSilent(ctx, now) })
	}
	if now.Unix()%sweepBeat != 0 {
		return
	}
	s.spawn(func(ctx context.Context) {
		s.sweepBlocked(ctx, now)
		s.sweepCalls(ctx, now)
		s.sweepBots(ctx, now)
		s.sweepGone(ctx, now)
	})
}

// setWork lets goroutines be started, or with nil no more of them.
func (s *Server) setWork(work func(func(context.Context))) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work = work
}

// spawn runs f with the node's context; false when the server does not run.
func (s *Server) spawn(f func(context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.work == nil {
		return false
	}
	s.work(f)
	return true
}

// all copies the list, so that sockets may come and go while it is walked.
func (s *Server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*session, 0, len(s.sessions))
	for v := range s.sessions {
		list = append(list, v)
	}
	return list
}

// Visitors is how many sockets are open.
func (s *Server) Visitors() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// closeAll asks every client to come back, spread over two seconds.
func (s *Server) closeAll() {
	for _, v := range s.all() {
		v.out.send(frameOut{T: "drain", RetryAfter: drainSpread()})
		v.out.close(closeDraining, "the server stops; come again")
	}
}
