package tickets

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Page is a part of a list. Next asks for the part after it; "" when this is the last.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// cut makes a page of at most n from n+1 rows, if there are so many.
func cut[T any](rows []T, n int, key func(T) string) Page[T] {
	p := Page[T]{Items: rows}
	if len(rows) > n {
		p.Items = rows[:n]
		p.Next = key(rows[n-1])
	}
	return p
}

// mark is a place in a list that is ordered by time and id.
type mark struct {
	at time.Time
	id int64
}

// String is the mark as a client gives it back: both numbers in base 36.
func (m mark) String() string {
	return strconv.FormatInt(m.at.UnixMicro(), 36) + "." + strconv.FormatInt(m.id, 36)
}

// parseMark refuses what is no mark of ours with bad_cursor.
func parseMark(s string) (m mark, err error) {
	at, id, _ := strings.Cut(s, ".")
	us, err := strconv.ParseInt(at, 36, 64)
	if err == nil {
		m.id, err = strconv.ParseInt(id, 36, 64)
	}
	if err != nil {
		return m, gateway.Invalid("bad_cursor", "after is the next of the page before, unchanged")
	}
	m.at = time.UnixMicro(us)
	return m, nil
}

// where gathers conditions, so that each query names only those that it has and
// PostgreSQL can choose an index for them.
type where struct {
	conditions []string
	args       []any
}

// arg keeps a value and gives its placeholder.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// and adds a condition whose %s are the placeholders of the values.
func (w *where) and(condition string, values ...any) {
	places := make([]any, len(values))
	for i, v := range values {
		places[i] = w.arg(v)
	}
	w.conditions = append(w.conditions, fmt.Sprintf(condition, places...))
}

// String is the clause, with a blank at each end.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return " "
	}
	return " where " + strings.Join(w.conditions, " and ") + " "
}
