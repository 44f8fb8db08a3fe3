// Command client is an agent in a few lines: it takes what it is offered, greets, gives
// a FAQ link and finishes. Set VAXEL_URL (http://127.0.0.1:8080) and VAXEL_KEY, an API
// key that acts as an agent.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

type object = map[string]any

func main() {
	ctx, api := context.Background(), os.Getenv("VAXEL_URL")+"/api/v1" //nolint:forbidigo // ends with the program
	call := func(method, path string, in, out any) error {
		body, _ := json.Marshal(in)
		r, err := http.NewRequestWithContext(ctx, method, api+path, bytes.NewReader(body)) //nolint:gosec // you say where it goes
		if err != nil {
			return err
		}
		r.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("VAXEL_KEY")}, "Content-Type": {"application/json"}}
		w, err := http.DefaultClient.Do(r) //nolint:gosec // as above
		if err != nil {
			return err
		}
		defer w.Body.Close()
		if w.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("%s %s: %s", method, path, w.Status)
		}
		return json.NewDecoder(w.Body).Decode(out)
	}
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}

	var ticket, done object
	must(call("POST", "/socket-ticket", nil, &ticket))
	conn, _, err := websocket.Dial(ctx, strings.Replace(api, "http", "ws", 1)+"/socket", &websocket.DialOptions{Subprotocols: []string{"vaxel.v1"}}) //nolint:bodyclose // the library closes it
	must(err)
	must(wsjson.Write(ctx, conn, object{"t": "hello", "ticket": ticket["ticket"]}))
	must(call("PUT", "/me/status", object{"status": "available"}, &done))
	for {
		var frame struct {
			T    string
			Data json.RawMessage
		}
		var offer struct {
			Interaction, Channel string
			No                   int
		}
		must(wsjson.Read(ctx, conn, &frame))
		if frame.T != "offer.created" || json.Unmarshal(frame.Data, &offer) != nil {
			continue
		}
		var i, lists struct {
			Queue string
			Items []list
		}
		at := fmt.Sprintf("/offers/%s/%d", offer.Interaction, offer.No)
		if offer.Channel != "chat" {
			_ = call("POST", at+"/decline", nil, &done) // for a colleague; it may be gone
			continue
		}
		if call("POST", at+"/accept", nil, &i) != nil {
			continue // a frame may come twice, and an offer may be gone
		}
		at = "/interactions/" + offer.Interaction
		must(call("POST", at+"/messages", object{"client_id": "hello-" + offer.Interaction, "text": "Hej! Här är en artikel som hjälper."}, &done))
		must(call("POST", at+"/articles", object{"client_id": "link-" + offer.Interaction, "shortcut": "återköp"}, &done))
		must(call("POST", at+"/end", nil, &done))
		must(call("GET", "/transaction-codes?queue="+i.Queue, nil, &lists))
		must(call("POST", at+"/finish", object{"codes": choose(lists.Items)}, &done))
	}
}

// list is a list of outcomes; a code that is the parent of others only groups them.
type list struct {
	Required bool
	Codes    []struct{ ID, Parent string }
}

// choose takes the first code that can be chosen of each list that requires one.
func choose(lists []list) []string {
	codes := []string{}
	for _, l := range lists {
		parents := map[string]bool{}
		for _, c := range l.Codes {
			parents[c.Parent] = true
		}
		for _, c := range l.Codes {
			if l.Required && !parents[c.ID] {
				codes = append(codes, c.ID)
				break
			}
		}
	}
	return codes
}
