package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// opening is what a website's page reads before anybody writes.
type opening struct {
	Open  bool
	Until int64
	Wait  int
}

// opening asks as the widget does.
func (v *vaxel) opening() (o opening) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+"/w/config?key=shop", http.NoBody)
	must(v.t, err)
	resp, err := http.DefaultClient.Do(r)
	must(v.t, err)
	defer resp.Body.Close()
	must(v.t, json.NewDecoder(resp.Body).Decode(&o))
	return o
}

// TestWidgetSaysWhenItIsOpen: nobody is there; somebody is; they are busy, and the wait is
// told; the line is full; the calendar has closed, and says until when.
func TestWidgetSaysWhenItIsOpen(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	if o := v.opening(); o != (opening{}) {
		t.Errorf("nobody is there: %+v", o)
	}
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	v.wait("an open chat", func() bool { return v.opening() == opening{Open: true} })

	v.visit().say("form", 0, map[string]any{"text": "Den första"})
	c.accept(t)
	v.visit().say("form", 0, map[string]any{"text": "Den andra"})
	v.wait("a wait", func() bool { o := v.opening(); return o.Open && o.Wait > 0 && o.Wait%60 == 0 })

	queue := "/admin/queues/" + v.queue.String()
	v.agent.must(http.MethodPatch, queue, map[string]any{"max_len": 1, "on_full": []gateway.Step{{Do: gateway.ToForm}}}, nil)
	v.wait("a full queue", func() bool { return v.opening() == opening{} })

	today := time.Now().UTC()
	tomorrow, after := today.AddDate(0, 0, 1), today.AddDate(0, 0, 2)
	office, err := roster.New(v.pool, quiet{}).CreateCalendar(t.Context(), roster.Calendar{
		Name: "Kontoret", Zone: "UTC", Hours: []roster.Hours{{Day: 1 + (int(after.Weekday())+6)%7, From: "08:00", To: "17:00"}},
		Holidays: []string{today.Format(time.DateOnly), tomorrow.Format(time.DateOnly)},
	})
	must(t, err)
	v.agent.must(http.MethodPatch, queue, map[string]any{"calendar": office.ID, "max_len": 0}, nil)
	opens := time.Date(after.Year(), after.Month(), after.Day(), 8, 0, 0, 0, time.UTC)
	v.wait("closed until the day after tomorrow", func() bool { return v.opening() == opening{Until: opens.UnixMilli()} })
}
