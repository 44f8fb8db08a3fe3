package routing

import "github.com/vaxelhq/vaxel/gateway"

// handle is the one door of every event. A handler either refuses before it has changed
// anything, or obeys. What one function does not know it hands on to the next.
func (c *Core) handle(ev Event) *gateway.Error {
	switch e := ev.(type) {
	case Configure:
		c.configure(e.Plan)
	case Wake:
		c.wake()
	case Recover:
		c.recover()
	case Regroup:
		c.regroup(e.Regroup)
	case Admit:
		return c.admit(e.Admission)
	default:
		return c.answer(ev)
	}
	return nil
}

// answer obeys what is said to an offer, and by the customer's side.
func (c *Core) answer(ev Event) *gateway.Error {
	switch e := ev.(type) {
	case gateway.Accept:
		return c.accept(e)
	case gateway.Decline:
		return c.decline(e)
	case gateway.FailOffer:
		return c.failOffer(e)
	case gateway.Leave:
		return c.leave(e)
	case gateway.CallBack:
		return c.callMeBack(e)
	case gateway.Silence:
		return c.silence(e)
	}
	return c.work(ev)
}

// work obeys what agents do with what they hold, from its beginning to its end.
func (c *Core) work(ev Event) *gateway.Error {
	switch e := ev.(type) {
	case gateway.Pull:
		return c.pull(e)
	case gateway.Begin:
		return c.begin(e)
	case gateway.TakeUp:
		return c.takeUp(e)
	case gateway.Redial:
		return c.redial(e)
	case gateway.Unreached:
		return c.unreached(e)
	case gateway.EndInteraction:
		return c.endInteraction(e)
	case gateway.Finish:
		return c.finish(e)
	case gateway.ExtendWrapUp:
		return c.extendWrapUp(e)
	}
	return c.talk(ev)
}

// talk obeys what agents do with colleagues and lines.
func (c *Core) talk(ev Event) *gateway.Error {
	switch e := ev.(type) {
	case gateway.Transfer:
		return c.transfer(e)
	case gateway.Consult:
		return c.consult(e)
	case gateway.TransferLines:
		return c.transferLines(e)
	case gateway.JoinLines:
		return c.joinLines(e)
	case gateway.DropLine:
		return c.dropLine(e)
	case gateway.HoldLine:
		return c.holdLine(e)
	}
	return c.stand(ev)
}

// stand obeys what changes how an agent stands to the floor.
func (c *Core) stand(ev Event) *gateway.Error {
	switch e := ev.(type) {
	case gateway.SetStatus:
		return c.setStatus(e)
	case gateway.Consoles:
		return c.consoles(e)
	case gateway.PhoneReach:
		return c.reach(e)
	}
	return gateway.Invalid("unknown_event", "the floor does not know this kind of event")
}
