package api

import (
	"reflect"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/kb"
	"github.com/vaxelhq/vaxel/tickets"
)

// wordsOf are the enumerations.
var wordsOf = map[reflect.Type][]any{
	reflect.TypeFor[gateway.Channel]():       {"voice", "chat", "email", "voicemail", "callback"},
	reflect.TypeFor[gateway.Role]():          {"agent", "supervisor", "administrator"},
	reflect.TypeFor[gateway.Intent]():        {"available", "working_offline", "on_break", "logged_out"},
	reflect.TypeFor[gateway.Status]():        {"available", "offered", "busy", "wrap_up", "working_offline", "on_break", "logged_out"},
	reflect.TypeFor[gateway.State]():         {"waiting", "offered", "active", "parked", "wrap_up", "finished"},
	reflect.TypeFor[gateway.End]():           {"handled", "pending", "abandoned", "short_abandon", "voicemail", "transferred_external", "closed", "form", "callback", "settled", "system_failure", "silent"},
	reflect.TypeFor[gateway.Phase]():         {"talking", "hold", "consult", "conference", "colleagues"},
	reflect.TypeFor[gateway.AlertKind]():     {"unanswered", "max_wait", "no_members", "wrap_up_overtime", "silent"},
	reflect.TypeFor[gateway.CallFailure]():   {"busy", "no_answer", "refused", "unknown_number", "unreachable"},
	reflect.TypeFor[gateway.Outcome]():       {"accepted", "declined", "missed", "withdrawn", "failed"},
	reflect.TypeFor[gateway.OfferKind]():     {"queue", "transfer", "recall", "consult"},
	reflect.TypeFor[gateway.EntryKind]():     {"message", "mail", "note", "article", "event", "call", "recording", "file"},
	reflect.TypeFor[gateway.AuthorKind]():    {"customer", "agent", "system"},
	reflect.TypeFor[gateway.AddressKind]():   {"email", "phone", "visitor"},
	reflect.TypeFor[gateway.DeclinePolicy](): {"vcc", "engage", "soft"},
	reflect.TypeFor[gateway.TargetClock]():   {"wall", "calendar"},
	reflect.TypeFor[gateway.Strategy]():      {"longest_idle", "skill_first", "round_robin", "least_busy", "ring_all"},
	reflect.TypeFor[gateway.Order]():         {"edf", "fifo", "vcc"},
	reflect.TypeFor[gateway.StepKind]():      {"lower_skills", "drop_skill", "drop_skills", "add_queue", "move", "offer_callback", "voicemail", "form", "external", "hang_up"},
	reflect.TypeFor[gateway.WrapUpMode]():    {"none", "optional", "timed", "timed_extendable", "manual"},
	reflect.TypeFor[tickets.CaseState]():     {"open", "pending", "closed"},
	reflect.TypeFor[tickets.Because]():       {"reference", "customer", "subject"},
	reflect.TypeFor[kb.Visibility]():         {"public", "internal"},
	reflect.TypeFor[kb.Status]():             {"draft", "published", "archived"},
	reflect.TypeFor[roster.PhoneKind]():      {"sip", "pstn"},
	reflect.TypeFor[roster.TargetKind]():     {"agent", "queue"},
}
