package e2e

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

const form = `languages = ["en"]
[widget.form]
name = "required"
months = 12
[widget.bot]
url = "https://bot.example/chat"
queues = ["Robots"]
secret = "0123456789012345678901234567890123456789"
[[widget.form.topic]]
id = "invoice"
label = { en = "Invoice" }
queue = "Billing"
skill = [{ name = "billing", level = 2 }]
`

// TestAWidgetsForm: what the configuration says of a form is asked of visitors and leads them
// on; what it does not name stays as it was set elsewhere, over every start.
func TestAWidgetsForm(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget+form)
	_, err := chat.NewStore(v.pool).SaveWidget(t.Context(), chat.Widget{
		Key: "shop", Name: "Shop", Queue: v.queue, Origins: []string{"https://shop.example"}, Form: chat.Form{Email: "off", Months: 6},
	})
	must(t, err)
	v.start()

	answer, err := http.Get(v.base + "/w/config?key=shop")
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	var site chat.Widget
	must(t, json.NewDecoder(answer.Body).Decode(&site))
	if f := site.Form; site.Name != "Cyklar" || len(site.Languages) != 1 || f.Name != "required" || f.Email != "off" || f.Months != 12 ||
		len(f.Topics) != 1 || f.Topics[0].Label["en"] != "Invoice" {
		t.Errorf("the page is told %+v", site)
	}
	const hello, line = `{"t":"hello","key":"shop"}`, `{"t":"form","cid":"1","text":"Hej"}`
	heard, _ := v.junk(t, "/w/socket", nil, []string{hello, line})
	if code := firstCode(heard); code != "name_missing" {
		t.Errorf("without a name: got %q", code)
	}
	guest := v.visit()
	guest.say("form", 1, map[string]any{"name": "Karin", "topic": "invoice", "text": "Är den betald?"})
	v.wait("a chat in the topic's queue, for those who know of it", func() bool {
		return v.number(`
			select count(*)
			from interaction i join queue q on q.id = i.queue
			where q.name->>'en' = 'Billing'`) == 1
	})
	kept, err := chat.NewStore(v.pool).Widgets(t.Context())
	must(t, err)
	if bot := kept[0].Bot; bot.URL != "https://bot.example/chat" || len(bot.Queues) != 1 || v.number(`select count(*) from secret where name = 'widget:shop:bot'`) != 1 {
		t.Errorf("kept the bot %+v", bot)
	}
	if len(kept) != 1 || len(kept[0].Origins) != 1 || len(kept[0].Form.Topics) != 1 || len(kept[0].Form.Topics[0].Skills) != 1 ||
		v.number(`select count(*) from skill where name = 'billing'`) != 1 {
		t.Errorf("kept %+v", kept)
	}
}

// TestAMailboxsFolders: what lay there before is left alone, and what has been read is moved,
// where the configuration says so.
func TestAMailboxsFolders(t *testing.T) {
	t.Parallel()
	dovecot := mailtest.StartDovecot(t)
	dovecot.Deliver(t, support, mailtest.Mail("old", "karin@kund.example", "Gammalt", "Hej"))
	v := newVaxel(t, mailbox(dovecot.IMAP, dovecot.IMAP)+"from_now = true\nmove_to = \"Read\"\nsent_folder = \"Sent\"\n")
	v.start()
	v.wait("the mailbox being read", func() bool { return v.number(`select count(*) from mailbox_cursor where synced_at is not null`) == 1 })
	dovecot.Deliver(t, support, mailtest.Mail("new", "karin@kund.example", "Nytt", "Hej"))
	v.wait("the new mail's case", func() bool { return v.number(`select count(*) from support_case where subject = 'Nytt'`) == 1 })
	v.wait("the new mail to be moved", func() bool { return len(dovecot.Mails(t, support)) == 1 })
	if n := v.number(`select count(*) from support_case`); n != 1 {
		t.Errorf("got %d cases, want none of the old mail", n)
	}
	if n := v.number(`select count(*) from mailbox where sent_folder = 'Sent'`); n != 1 {
		t.Error("the folder of sent mail is not known")
	}
}
