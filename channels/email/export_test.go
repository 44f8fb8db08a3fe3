package email

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Pool is where a test begins the author's transaction.
func (e *Email) Pool() *pgxpool.Pool { return e.pool }

// Impatient makes the channel wait for nothing longer than a test would.
func (e *Email) Impatient() {
	e.pace = pace{
		answer: 2 * time.Second, search: 2 * time.Second, look: 5 * time.Second, poll: time.Second,
		check: 100 * time.Millisecond, backoff: 10 * time.Millisecond, most: 100 * time.Millisecond,
	}
}
