package email_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestWhatCannotBeWrittenIsBroken: a mail with a time that JSON has no year for comes in
// without its invitation; it is no reason to stop.
func TestWhatCannotBeWrittenIsBroken(t *testing.T) {
	t.Parallel()
	far := time.Date(10191, 1, 1, 0, 0, 0, 0, time.UTC)
	body, broken := email.Written(&letter.Letter{Subject: "Möte", Invitation: &gateway.Invitation{Start: &far}})
	var mail gateway.Mail
	if err := json.Unmarshal(body, &mail); err != nil || mail.Subject != "Möte" || mail.Invitation != nil || len(mail.Defects) != 1 || broken == "" {
		t.Errorf("written down as %s (%v), broken %q", body, err, broken)
	}
}
