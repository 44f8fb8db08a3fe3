package access

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// Guesses that are made at the same time count as those made one after the other.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	s := New(pgtest.New(t))
	if _, _, err := s.CreateLogin(t.Context(), System, Login{Name: "anna", Role: gateway.RoleAgent}, "rätt häst batteri"); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var checked atomic.Int64
	for range 20 {
		group.Go(func() {
			_, _, err := s.SignIn(t.Context(), "anna", "gissning igen", "192.0.2.7", "")
			if errors.Is(err, gateway.ErrDenied) {
				checked.Add(1)
			}
		})
	}
	group.Wait()
	if n := checked.Load(); n != freeFailures {
		t.Errorf("%d guesses were checked, want %d", n, freeFailures)
	}
}
