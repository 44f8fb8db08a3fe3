package feed

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// position is a place in the order of all events: the transaction's number, then the row's
// and the event's in it. The zero position is before them all.
type position struct {
	xid uint64
	pos int64 // of the row, times mostInRow, and which of its events
}

// mostInRow is how many events may share a row of the log.
const mostInRow = 64

// event is the position of one of a row's events; the last one stands for its end.
func (p position) event(n, of int) position {
	if n == of-1 {
		n = mostInRow - 1
	}
	return position{p.xid, p.pos*mostInRow + int64(n)}
}

// row is the first row that may hold events after the position, as arguments of a statement.
func (p position) row() (xid string, pos int64) {
	return strconv.FormatUint(p.xid, 10), (p.pos + 1) / mostInRow
}

func (p position) before(q position) bool {
	return p.xid < q.xid || p.xid == q.xid && p.pos < q.pos
}

// cursor is a position as a follower keeps it: opaque to it, good on every node, and
// void in another PostgreSQL cluster, where transactions are numbered anew (a restored dump).
type cursor struct {
	cluster string
	position
	at time.Time // when its event was made; says whether the log still reaches back so far
}

func (c cursor) String() string {
	text := make([]byte, 0, 64)
	text = append(append(text, c.cluster...), '-')
	text = append(strconv.AppendUint(text, c.xid, 16), '-')
	text = append(strconv.AppendInt(text, c.pos, 16), '-')
	return string(strconv.AppendInt(text, c.at.Unix(), 16))
}

// now is the state of the database that cursors are judged by.
type now struct {
	cluster string
	xmin    uint64 // everything below has ended and can be seen, or has never been
	xmax    uint64 // everything from here on has not begun
	time    time.Time
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func readNow(ctx context.Context, q querier) (n now, err error) {
	err = q.QueryRow(ctx, `
		select
			to_hex(system_identifier),
			pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
			pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
			now()
		from pg_control_system()`).Scan(&n.cluster, &n.xmin, &n.xmax, &n.time)
	if err != nil {
		return now{}, fmt.Errorf("read the watermark: %w", err)
	}
	return n, nil
}

// cursor is the place before every transaction that has not ended yet.
func (n now) cursor() cursor {
	return cursor{n.cluster, position{n.xmin, 0}, n.time}
}

// Cursor is now. A console takes it before it reads a snapshot: what the snapshot
// misses comes after the cursor; what it has may come again.
func (f *Feed) Cursor(ctx context.Context) (string, error) {
	n, err := readNow(ctx, f.pool)
	if err != nil {
		return "", fmt.Errorf("take a cursor: %w", err)
	}
	return n.cursor().String(), nil
}

// clockSlack is how far a transaction's start may lie before its events are seen.
const clockSlack = time.Minute

// parse reads a cursor and refuses one that can't be resumed from: it is none of ours, or
// is of another cluster, of the future, or of a time whose events are gone.
func (n now) parse(text string) (position, error) {
	var p position
	part := strings.Split(text, "-")
	if len(part) != 4 || part[0] != n.cluster {
		return p, ErrTooOld
	}
	xid, err1 := strconv.ParseUint(part[1], 16, 63)
	pos, err2 := strconv.ParseInt(part[2], 16, 64)
	unix, err3 := strconv.ParseInt(part[3], 16, 64)
	if err := errors.Join(err1, err2, err3); err != nil || xid > n.xmax {
		return p, ErrTooOld
	}
	if n.time.Sub(time.Unix(unix, 0)) > retention-clockSlack {
		return p, ErrTooOld
	}
	return position{xid, pos}, nil
}
