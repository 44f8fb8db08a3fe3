package stats

import "github.com/vaxelhq/vaxel/gateway"

// Tally is what is counted. Tallies can be added: of queues to channels, of hours to days.
type Tally struct {
	Entered         int     `json:"entered"`          // arrived in the period; what agents began is not among them
	Answered        int     `json:"answered"`         // of those, accepted by an agent
	AnsweredInTime  int     `json:"answered_in_time"` // by the time they were due
	Abandoned       int     `json:"abandoned"`        // left after five seconds of waiting or more
	AbandonedInTime int     `json:"abandoned_in_time"`
	ShortAbandoned  int     `json:"short_abandoned"` // left before; in no other figure
	Diverted        int     `json:"diverted"`        // to voicemail, or closed
	AnswerSeconds   float64 `json:"answer_seconds"`  // waited by those answered

	Handled     int     `json:"handled"`      // finished in the period after an agent had them
	Transferred int     `json:"transferred"`  // of those, by more than one agent, or handed to somebody outside
	TalkSeconds float64 `json:"talk_seconds"` // with an agent, hold included; each agent's part counts
	WrapSeconds float64 `json:"wrap_seconds"`

	Linked int `json:"linked"` // of those handled, in which an agent gave a FAQ link; known for 90 days

	// Of chats and mails that arrived in the period: from the arrival to the agent's first
	// answer, and from each later time that the customer writes to the next one.
	FirstResponses       int     `json:"first_responses"`
	FirstResponseSeconds float64 `json:"first_response_seconds"`
	NextResponses        int     `json:"next_responses"`
	NextResponseSeconds  float64 `json:"next_response_seconds"`
	// Of cases closed in the period, each time they were: from when they were opened, or
	// opened again.
	Resolved          int     `json:"resolved"`
	Reopened          int     `json:"reopened"` // of those, opened again since
	ResolutionSeconds float64 `json:"resolution_seconds"`

	Rated int `json:"rated"` // by their customers, in the period
	Score int `json:"score"` // the sum of those, 1 to 5 each

	Offered  int `json:"offered"` // by the queue in the period; those withdrawn are in no figure
	Accepted int `json:"accepted"`
	Declined int `json:"declined"`
	Missed   int `json:"missed"`
	Failed   int `json:"failed"` // the agent's telephone was busy or could not be reached
}

func (t *Tally) add(o Tally) {
	t.Entered += o.Entered
	t.Answered += o.Answered
	t.AnsweredInTime += o.AnsweredInTime
	t.Abandoned += o.Abandoned
	t.AbandonedInTime += o.AbandonedInTime
	t.ShortAbandoned += o.ShortAbandoned
	t.Diverted += o.Diverted
	t.AnswerSeconds += o.AnswerSeconds
	t.Handled += o.Handled
	t.Transferred += o.Transferred
	t.TalkSeconds += o.TalkSeconds
	t.WrapSeconds += o.WrapSeconds
	t.Linked += o.Linked
	t.FirstResponses += o.FirstResponses
	t.FirstResponseSeconds += o.FirstResponseSeconds
	t.NextResponses += o.NextResponses
	t.NextResponseSeconds += o.NextResponseSeconds
	t.Resolved += o.Resolved
	t.Reopened += o.Reopened
	t.ResolutionSeconds += o.ResolutionSeconds
	t.Rated += o.Rated
	t.Score += o.Score
	t.Offered += o.Offered
	t.Accepted += o.Accepted
	t.Declined += o.Declined
	t.Missed += o.Missed
	t.Failed += o.Failed
}

// Figures are a tally with what follows from it. A figure of nothing is absent.
type Figures struct {
	Tally
	// SL2 is the service level: (answered in time + abandoned in time) ÷ (answered +
	// abandoned), 0 to 1. In time is by due_at: the target in the queue's calendar.
	SL2 *float64 `json:"sl2,omitempty"`
	// ASA is the average speed of answer in seconds.
	ASA *float64 `json:"asa_s,omitempty"`
	// AHT is the average handling time in seconds: talk + hold + wrap-up.
	AHT *float64 `json:"aht_s,omitempty"`
	// AbandonRate is abandoned ÷ (answered + abandoned), 0 to 1.
	AbandonRate *float64 `json:"abandon_rate,omitempty"`
	// TransferRate is transferred ÷ handled, 0 to 1.
	TransferRate *float64 `json:"transfer_rate,omitempty"`
	// LinkRate is linked ÷ handled, 0 to 1.
	LinkRate *float64 `json:"link_rate,omitempty"`
	// FirstResponse, NextResponse and Resolution are averages in seconds. Only the time in
	// which the queue is open counts where its target for the channel does.
	FirstResponse *float64 `json:"first_response_s,omitempty"`
	NextResponse  *float64 `json:"next_response_s,omitempty"`
	Resolution    *float64 `json:"resolution_s,omitempty"`
	// ReopenRate is reopened ÷ resolved, 0 to 1.
	ReopenRate *float64 `json:"reopen_rate,omitempty"`
	// CSAT is what customers thought of it, 1 to 5 on average.
	CSAT *float64 `json:"csat,omitempty"`
}

func figuresOf(t Tally) Figures {
	ended := float64(t.Answered + t.Abandoned)
	return Figures{
		Tally:       t,
		SL2:         ratio(float64(t.AnsweredInTime+t.AbandonedInTime), ended),
		ASA:         ratio(t.AnswerSeconds, float64(t.Answered)),
		AHT:         ratio(t.TalkSeconds+t.WrapSeconds, float64(t.Handled)),
		AbandonRate: ratio(float64(t.Abandoned), ended),

		TransferRate:  ratio(float64(t.Transferred), float64(t.Handled)),
		LinkRate:      ratio(float64(t.Linked), float64(t.Handled)),
		FirstResponse: ratio(t.FirstResponseSeconds, float64(t.FirstResponses)),
		NextResponse:  ratio(t.NextResponseSeconds, float64(t.NextResponses)),
		Resolution:    ratio(t.ResolutionSeconds, float64(t.Resolved)),
		ReopenRate:    ratio(float64(t.Reopened), float64(t.Resolved)),
		CSAT:          ratio(float64(t.Score), float64(t.Rated)),
	}
}

func ratio(part, whole float64) *float64 {
	if whole <= 0 {
		return nil
	}
	r := part / whole
	return &r
}

// Total are the figures of one queue over its channels.
func Total(of []QueueFigures, queue gateway.QueueID) Figures {
	var sum Tally
	for _, f := range of {
		if f.Queue == queue {
			sum.add(f.Tally)
		}
	}
	return figuresOf(sum)
}
