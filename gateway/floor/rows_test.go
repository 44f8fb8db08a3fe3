package floor

import "testing"

// An offer and its acceptance change an interaction's row in its page and write no index:
// PostgreSQL would else write all of them anew, each time.
func TestNoIndexIsOverWhatChangesOften(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if n := count(t, h, `
		select count(*) from pg_indexes
		where tablename = 'interaction' and indexdef ~ '\m(state|agent|offer_no|accepted_at|phase|others|rev)\M'`); n > 0 {
		t.Errorf("%d indexes are over what each offer changes, or over some of it", n)
	}
}

// Whoever pages by an id that was made up sees what there is.
func TestRecentBeforeAnIDThatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Recent(t.Context(), 1<<40, 10); err != nil {
		t.Errorf("got %v", err)
	}
}
