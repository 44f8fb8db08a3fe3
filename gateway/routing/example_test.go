package routing_test

import (
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// A queue, an agent, a chat that arrives, the offer. Nothing happens between the events:
// the core has no clock, each event brings its time.
func Example() {
	const (
		support = gateway.QueueID(1)
		anna    = gateway.AgentID(7)
		chat    = gateway.InteractionID(100)
	)
	open := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	core := routing.New()
	apply := func(after time.Duration, ev routing.Event) {
		r := core.Apply(open.Add(after), ev)
		fmt.Printf("%T\n", ev)
		if r.Err != nil {
			fmt.Println("  refused:", r.Err.Code)
		}
		for _, effect := range r.Effects {
			switch e := effect.(type) {
			case routing.InteractionChanged:
				fmt.Printf("  interaction %d is %s\n", e.Interaction.ID, e.Interaction.State)
			case routing.OfferCreated:
				fmt.Printf("  offer %d to agent %d until %s\n", e.Offer.No, e.Offer.Agent, e.Offer.ExpiresAt.Format("15:04:05"))
			case routing.OfferClosed:
				fmt.Printf("  offer %d: %s\n", e.Offer.No, e.Offer.Outcome)
			case routing.PresenceChanged:
				fmt.Printf("  agent %d is %s\n", e.Presence.Agent, e.Presence.Status)
			}
		}
	}

	apply(0, routing.Configure{Plan: gateway.Plan{
		Queues: []gateway.QueuePlan{{ID: support, Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Chat: {Target: 60, OfferTimeout: 20},
		}}},
		Agents: []gateway.AgentPlan{{
			ID: anna, Channels: []gateway.Channel{gateway.Chat},
			Memberships: []gateway.Membership{{Queue: support, Enabled: true, Level: 2}},
		}},
	}})
	apply(1*time.Second, gateway.Consoles{Agent: anna, Live: true})
	apply(2*time.Second, routing.Admit{Admission: gateway.Admission{
		Interaction: chat, Channel: gateway.Chat, Queue: support, Case: 1, Conversation: 1, ArrivedAt: open.Add(2 * time.Second),
	}})
	apply(5*time.Second, gateway.SetStatus{Agent: anna, Intent: gateway.IntentAvailable})
	apply(8*time.Second, gateway.Accept{Interaction: chat, No: 1, Agent: anna})
	// A click that was sent twice: the answer is the same, and nothing more happens.
	apply(9*time.Second, gateway.Accept{Interaction: chat, No: 1, Agent: anna})
	// Output:
	// routing.Configure
	//   agent 7 is logged_out
	// gateway.Consoles
	//   agent 7 is logged_out
	// routing.Admit
	//   interaction 100 is waiting
	// gateway.SetStatus
	//   interaction 100 is offered
	//   offer 1 to agent 7 until 08:00:25
	//   agent 7 is offered
	// gateway.Accept
	//   interaction 100 is active
	//   offer 1: accepted
	//   agent 7 is busy
	// gateway.Accept
}
