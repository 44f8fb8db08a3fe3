package tickets_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

func call(from string) gateway.Arrival {
	return gateway.Arrival{Channel: gateway.Voice, From: gateway.Address{Kind: gateway.AddressPhone, Value: from}}
}

// A number is one customer's, however the line that brings it writes it.
func TestOneNumberIsOneCustomer(t *testing.T) {
	r := open(t)
	_, want := r.join(t, call("0701740605"), 0)
	for _, from := range []string{"+46701740605", "0046701740605", "46701740605", "070-174 06 05"} {
		if _, got := r.join(t, call(from), 0); got != want {
			t.Errorf("%s: got customer %d want %d", from, got, want)
		}
	}
	if _, got := r.join(t, call("2001"), 0); got == want {
		t.Error("an extension is a number of its own")
	}
}

// What was kept as it was dialled is found by what it is, after a start with a region.
func TestRenumber(t *testing.T) {
	ctx, r := t.Context(), open(t)
	r.Region = "" // as before there was one
	_, bare := r.join(t, call("0701740605"), 0)
	_, full := r.join(t, call("+46701740605"), 0)
	_, alone := r.join(t, call("08-123456"), 0)
	_, inside := r.join(t, call("2001"), 0)
	if bare == full {
		t.Fatal("they were one from the beginning")
	}
	r.Region = "SE"
	for range 2 { // a second time changes nothing
		if err := r.Renumber(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := r.Customer(ctx, bare); err != nil || c.ID != full || len(c.Addresses) != 1 || c.Addresses[0].Value != "+46701740605" {
		t.Errorf("got %+v, %v want customer %d with one number", c, err, full)
	}
	for id, want := range map[gateway.CustomerID]string{alone: "+468123456", inside: "2001"} {
		if c, err := r.Customer(ctx, id); err != nil || len(c.Addresses) != 1 || c.Addresses[0].Value != want {
			t.Errorf("got %+v, %v want %s", c, err, want)
		}
	}
}
