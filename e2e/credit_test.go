package e2e

import (
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/tickets"
)

// TestCreditGoesFirst: of two mails the later one is offered first, because its customer was
// given credit.
func TestCreditGoesFirst(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	v.start()
	v.agent.signIn()
	important := gateway.Address{Kind: gateway.AddressEmail, Value: "viktig@kund.example"}
	v.agent.must(http.MethodPost, "/customers", map[string]any{"name": "Viktig Kund", "addresses": []gateway.Address{important}, "credit": 3600}, &tickets.Customer{})
	bring := func(key string, from gateway.Address) {
		v.agent.persist(http.MethodPost, "/interactions", map[string]any{"channel": gateway.Email, "queue": v.queue, "text": "Hej!", "from": from}, key)
	}
	bring("first", gateway.Address{Kind: gateway.AddressEmail, Value: "annan@kund.example"})
	bring("second", important)
	v.wait("both wait", func() bool { return v.number(`select count(*) from interaction where state = 'waiting'`) == 2 })
	c := v.agent.openConsole()
	v.agent.available()
	first := c.accept(t)
	var i gateway.Interaction
	v.agent.must(http.MethodGet, "/interactions/"+first.String(), nil, &i)
	var who tickets.Customer
	v.agent.must(http.MethodGet, "/customers/"+i.Customer.String(), nil, &who)
	if who.Name != "Viktig Kund" || who.Credit != 3600 {
		t.Errorf("first was %+v, want the customer with credit", who)
	}
}
