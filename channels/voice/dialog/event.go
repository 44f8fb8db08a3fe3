package dialog

// Event is what a dialog tells its owner.
type Event interface{ event() }

// The events.
type (
	// Ringing is a provisional answer to our INVITE.
	Ringing struct{ Status int }
	// Answered is the 2xx to our INVITE, with their answer. It has been ACKed.
	Answered struct{ Body []byte }
	// Rejected is the end of our INVITE without a call: a final answer, 408 for none,
	// 503 if it could not be sent.
	Rejected struct{ Status int }
	// Canceled says that the caller gave up before our answer.
	Canceled struct{}
	// Confirmed is the ACK to our answer, with theirs if the offer was ours.
	Confirmed struct{ Body []byte }
	// Info is a SIP INFO (RFC 6086): keys, mostly.
	Info struct {
		ContentType string
		Body        []byte
	}
	// Ended says that the other side ended the dialog, or that it is lost.
	Ended struct{ Cause string }
)

func (Ringing) event()   {}
func (Answered) event()  {}
func (Rejected) event()  {}
func (Canceled) event()  {}
func (Confirmed) event() {}
func (Info) event()      {}
func (Ended) event()     {}

// Owner is told what happens and answers offers. Its methods run on the dialog's
// goroutine and must not wait.
type Owner interface {
	Tell(e Event)
	// Reoffer answers an offer within the call; without one (nil) it makes ours, and the
	// answer comes by another Reoffer, whose result nobody reads. False refuses it.
	Reoffer(offer []byte) (answer []byte, ok bool)
}
