package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/tickets"
)

type customerIn struct {
	ID gateway.CustomerID `path:"id"`
}

type customersIn struct {
	Q     string             `query:"q" maxLength:"200"`
	After gateway.CustomerID `query:"after"`
	Limit int                `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type customerChangeIn struct {
	ID      gateway.CustomerID `path:"id"`
	IfMatch string             `header:"If-Match"`
	Body    struct {
		Name      *string            `json:"name,omitempty" maxLength:"200"`
		Company   *string            `json:"company,omitempty" maxLength:"200"`
		Language  *string            `json:"language,omitempty" maxLength:"35"`
		Note      *string            `json:"note,omitempty" maxLength:"20000"`
		Fields    *map[string]string `json:"fields,omitempty"`
		Credit    *gateway.Seconds   `json:"credit,omitempty" minimum:"-86400" maximum:"86400" doc:"Supervisors: due so many seconds earlier than others; negative is later"`
		Addresses *[]gateway.Address `json:"addresses,omitempty"`
	}
}

type newCustomerIn struct {
	Body struct {
		Name      string            `json:"name,omitempty" maxLength:"200"`
		Company   string            `json:"company,omitempty" maxLength:"200"`
		Language  string            `json:"language,omitempty" maxLength:"35"`
		Note      string            `json:"note,omitempty" maxLength:"20000"`
		Fields    map[string]string `json:"fields,omitempty"`
		Credit    gateway.Seconds   `json:"credit,omitempty" minimum:"-86400" maximum:"86400" doc:"Supervisors: due so many seconds earlier than others; negative is later"`
		Addresses []gateway.Address `json:"addresses,omitempty" maxItems:"50"`
	}
}

type mergeIn struct {
	ID   gateway.CustomerID `path:"id"`
	Body struct {
		From gateway.CustomerID `json:"from" doc:"Becomes a part of the one in the path"`
	}
}

func (s *Server) registerCustomers() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/customers", ID: "list-customers", Summary: "Customers, the newest first; with q, those found", Role: agent}, s.customers)
	add(s, operation{Method: http.MethodPost, Path: "/customers", ID: "create-customer", Summary: "Add a customer", Role: agent, Status: http.StatusCreated, Once: true}, s.createCustomer)
	add(s, operation{Method: http.MethodGet, Path: "/customers/{id}", ID: "get-customer", Summary: "One customer", Role: agent}, s.customer)
	add(s, operation{Method: http.MethodPatch, Path: "/customers/{id}", ID: "change-customer", Summary: "Change a customer", Role: agent}, s.changeCustomer)
	add(s, operation{Method: http.MethodPost, Path: "/customers/{id}/merge", ID: "merge-customers", Summary: "Make two customers one", Role: agent}, s.mergeCustomers)
}

func (s *Server) customers(ctx context.Context, _ access.Caller, in *customersIn) (page[tickets.Customer], error) {
	if in.Q != "" {
		list, err := s.Cases.SearchCustomers(ctx, in.Q, in.Limit)
		return page[tickets.Customer]{Items: orEmpty(list)}, err
	}
	list, err := s.Cases.Customers(ctx, tickets.CustomerFilter{After: in.After, Limit: in.Limit})
	return page[tickets.Customer]{Items: orEmpty(list), After: nextOf(list, in.Limit, func(c tickets.Customer) int64 { return int64(c.ID) })}, err
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) customer(ctx context.Context, _ access.Caller, in *customerIn) (tickets.Customer, error) {
	return s.Cases.Customer(ctx, in.ID)
}

func (s *Server) createCustomer(ctx context.Context, by access.Caller, in *newCustomerIn) (tickets.Customer, error) {
	b := in.Body
	if err := roster.CheckLanguage(b.Language); err != nil {
		return tickets.Customer{}, err
	}
	if err := mayCredit(by, b.Credit, 0); err != nil {
		return tickets.Customer{}, err
	}
	return once(ctx, s, by, "create-customer", func(w *work) (tickets.Customer, error) {
		c, err := w.cases().CreateCustomer(ctx, tickets.Customer{
			Name: b.Name, Company: b.Company, Language: b.Language, Note: b.Note, Fields: b.Fields, Credit: b.Credit, Addresses: addresses(b.Addresses),
		})
		if err != nil {
			return c, err
		}
		return c, w.audit(ctx, by, "customer.created", "customer:"+c.ID.String(), nil)
	})
}

func addresses(list []gateway.Address) []tickets.Address {
	out := make([]tickets.Address, len(list))
	for i, a := range list {
		out[i] = tickets.Address{Address: a}
	}
	return out
}

// changeCustomer replaces what the draft names; addresses as a whole, because one that is
// missing is to be forgotten. A rev that is stale gets 409 with the customer as they are.
func (s *Server) changeCustomer(ctx context.Context, by access.Caller, in *customerChangeIn) (tickets.Customer, error) {
	c, err := s.Cases.Customer(ctx, in.ID)
	if err != nil {
		return c, err
	}
	if c.Rev, err = revOf(in.IfMatch, c.Rev); err != nil {
		return c, err
	}
	set(&c.Name, in.Body.Name)
	set(&c.Company, in.Body.Company)
	set(&c.Language, in.Body.Language)
	if in.Body.Language != nil {
		if err := roster.CheckLanguage(c.Language); err != nil {
			return c, err
		}
	}
	set(&c.Note, in.Body.Note)
	set(&c.Fields, in.Body.Fields)
	if in.Body.Credit != nil {
		if err := mayCredit(by, *in.Body.Credit, c.Credit); err != nil {
			return c, err
		}
		c.Credit = *in.Body.Credit
	}
	if in.Body.Addresses != nil {
		c.Addresses = addresses(*in.Body.Addresses)
	}
	var changed tickets.Customer
	err = s.commit(ctx, func(w *work) (err error) {
		if changed, err = w.cases().UpdateCustomer(ctx, c); err != nil {
			return err
		}
		return w.audit(ctx, by, "customer.changed", "customer:"+c.ID.String(), nil)
	})
	return changed, err
}

// mayCredit lets supervisors alone say who is served before others.
func mayCredit(by access.Caller, wanted, now gateway.Seconds) error {
	if wanted == now {
		return nil
	}
	return by.Require(gateway.RoleSupervisor)
}

func (s *Server) mergeCustomers(ctx context.Context, by access.Caller, in *mergeIn) (c tickets.Customer, err error) {
	err = s.commit(ctx, func(w *work) error {
		if c, err = w.cases().MergeCustomers(ctx, in.ID, in.Body.From); err != nil {
			return err
		}
		return w.audit(ctx, by, "customer.merged", "customer:"+in.ID.String(), map[string]string{"from": in.Body.From.String()})
	})
	return c, err
}
