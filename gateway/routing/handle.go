package routing

import (
	"reflect"

	"github.com/vaxelhq/vaxel/gateway"
)

// handle is the one door of every event. A handler either refuses before it has changed
// anything, or obeys.
func (c *Core) handle(ev Event) *gateway.Error {
	obey, known := handlers[reflect.TypeOf(ev)]
	if !known {
		return gateway.Invalid("unknown_event", "the floor does not know this kind of event")
	}
	return obey(c, ev)
}

// handlers are what obeys each kind of event.
var handlers = byKind(
	// what happens to the floor itself
	always(func(c *Core, e Configure) { c.configure(e.Plan) }),
	always(func(c *Core, _ Wake) { c.wake() }),
	always(func(c *Core, _ Recover) { c.recover() }),
	always(func(c *Core, e Regroup) { c.regroup(e.Regroup) }),
	always(func(c *Core, e Settle) { c.settleCase(e.Settle) }),
	on(func(c *Core, e Admit) *gateway.Error { return c.admit(e.Admission) }),

	// what is said to an offer, and by the customer's side
	on((*Core).accept), on((*Core).decline), on((*Core).failOffer),
	on((*Core).leave), on((*Core).callMeBack), on((*Core).silence),

	// what agents do with what they hold, from its beginning to its end
	on((*Core).pull), on((*Core).begin), on((*Core).takeUp), on((*Core).touched), on((*Core).redial), on((*Core).unreached),
	on((*Core).endInteraction), on((*Core).finish), on((*Core).extendWrapUp),

	// and with colleagues and lines
	on((*Core).transfer), on((*Core).consult), on((*Core).transferLines),
	on((*Core).joinLines), on((*Core).dropLine), on((*Core).holdLine),

	// how an agent stands to the floor
	on((*Core).setStatus), on((*Core).consoles), on((*Core).reach),
)

// handler obeys the events of one kind.
type handler struct {
	kind reflect.Type
	obey func(*Core, Event) *gateway.Error
}

func on[E Event](obey func(*Core, E) *gateway.Error) handler {
	return handler{reflect.TypeFor[E](), func(c *Core, ev Event) *gateway.Error { return obey(c, ev.(E)) }}
}

// always is on of what is never refused.
func always[E Event](do func(*Core, E)) handler {
	return on(func(c *Core, e E) *gateway.Error {
		do(c, e)
		return nil
	})
}

func byKind(all ...handler) map[reflect.Type]func(*Core, Event) *gateway.Error {
	kinds := make(map[reflect.Type]func(*Core, Event) *gateway.Error, len(all))
	for _, h := range all {
		kinds[h.kind] = h.obey
	}
	return kinds
}
