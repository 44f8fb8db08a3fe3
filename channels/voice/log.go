package voice

import "log/slog"

// log is where what has become of a call is told, with where it came from: of one source, be
// it a trunk in its busiest hour, there are so many lines a second and no more.
func (c *Call) log() *slog.Logger {
	return c.v.log.With("source", c.source(), "call", c.row.ID, "interaction", c.row.Interaction)
}

// source is the address that a call came from, or the trunk that it went to; what is left of
// our last life has neither.
func (c *Call) source() string {
	switch {
	case c.customer != nil && c.customer.incoming != nil:
		return c.customer.incoming.Source.Addr().String()
	case c.route.Through.IsValid():
		return c.route.Through.Addr().String()
	}
	return "last life"
}
