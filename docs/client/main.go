// Command client is agent.ts in Go, with types and every error told: it takes the chats that
// it is offered, greets, gives a FAQ link and finishes; the rest it leaves to others. VAXEL_URL says
// where (http://127.0.0.1:8080), VAXEL_KEY is an API key that acts as an agent.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

var api = os.Getenv("VAXEL_URL") + "/api/v1"

type object = map[string]any

func main() {
	ctx, available := context.Background(), object{"status": "available"}
	var ticket struct{ Ticket string }
	must(call(ctx, "POST", "/socket-ticket", nil, &ticket))
	socket, _, err := websocket.Dial(ctx, strings.Replace(api, "http", "ws", 1)+"/socket", &websocket.DialOptions{Subprotocols: []string{"vaxel.v1"}})
	must(err)
	socket.SetReadLimit(8 << 20) // a snapshot may be long
	must(wsjson.Write(ctx, socket, object{"t": "hello", "ticket": ticket.Ticket}))
	for {
		var frame struct {
			T    string
			Data json.RawMessage // its shape depends on T
		}
		must(wsjson.Read(ctx, socket, &frame))
		switch frame.T {
		case "welcome": // from now on every offer is heard
			must(call(ctx, "PUT", "/me/status", available, nil))
		case "offer.created":
			var o offer
			must(json.Unmarshal(frame.Data, &o))
			if o.Channel == "chat" {
				o.serve(ctx)
				continue
			}
			report(call(ctx, "POST", o.path("decline"), nil, nil))
			must(call(ctx, "PUT", "/me/status", available, nil)) // a declined call sends its agent on a break
		}
	}
}

type offer struct {
	Interaction, Queue, Channel string
	No                          int
}

func (o offer) path(verb string) string {
	return fmt.Sprintf("/offers/%s/%d/%s", o.Interaction, o.No, verb)
}

// serve does a chat from accepting to finishing. The customer may leave meanwhile: then
// there is nobody to write to, but still something to finish.
func (o offer) serve(ctx context.Context) {
	if err := call(ctx, "POST", o.path("accept"), nil, nil); err != nil {
		report(err) // the frame came twice, or the offer is gone
		return
	}
	at := "/interactions/" + o.Interaction
	report(call(ctx, "POST", at+"/messages", object{"client_id": "hello-" + o.Interaction, "text": "Hej! Här är en artikel som hjälper."}, nil))
	report(call(ctx, "POST", at+"/articles", object{"client_id": "link-" + o.Interaction, "shortcut": "återköp"}, nil))
	var lists struct{ Items []list }
	must(call(ctx, "GET", "/transaction-codes?queue="+o.Queue, nil, &lists))
	must(call(ctx, "POST", at+"/finish", object{"codes": choose(lists.Items)}, nil))
}

// list is a list of outcomes; a code that is the parent of others only groups them.
type list struct {
	Required bool
	Codes    []struct{ ID, Parent string }
}

// choose takes the first code that can be chosen of each list that requires one.
func choose(lists []list) []string {
	chosen := []string{}
	for _, l := range lists {
		groups := map[string]bool{}
		for _, c := range l.Codes {
			groups[c.Parent] = true
		}
		first := slices.IndexFunc(l.Codes, func(c struct{ ID, Parent string }) bool { return !groups[c.ID] })
		if l.Required && first >= 0 {
			chosen = append(chosen, l.Codes[first].ID)
		}
	}
	return chosen
}

// call asks the API; a refusal says in its detail what to do.
func call(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, api+path, &body)
	if err != nil {
		return err
	}
	r.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("VAXEL_KEY")}, "Content-Type": {"application/json"}}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer w.Body.Close()
	if w.StatusCode >= http.StatusBadRequest {
		var problem struct{ Code, Detail string }
		_ = json.NewDecoder(w.Body).Decode(&problem)
		return fmt.Errorf("%s %s: %s: %s: %s", method, path, w.Status, problem.Code, problem.Detail)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(w.Body).Decode(out)
}

// report tells of what may happen on any day: an offer is gone, a customer has left.
func report(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
