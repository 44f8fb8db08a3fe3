package main

import (
	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// The sample house: Nordvind, a shop for life outdoors. Everybody in it is made up, its
// addresses end in .example (RFC 2606) and its telephone numbers are among those that the
// Swedish numbering authority keeps for fiction.

// sampleEdition is raised when something is added below, so that demos get it too.
const sampleEdition = 1

func label(sv, en string) roster.Label { return roster.Label{"sv": sv, "en": en} }

// sampleQueue is a queue with the name that the rest of the sample knows it by.
type sampleQueue struct {
	key  string
	name roster.Label
	band int
}

var sampleQueues = []sampleQueue{
	{"delivery", label("Leverans", "Delivery"), 5},
	{"billing", label("Faktura", "Billing"), 5},
	{"returns", label("Retur & återköp", "Returns"), 5},
	{"advice", label("Produktråd", "Advice"), 4},
	{"business", label("Företag", "Business"), 7},
}

var sampleGroups = []string{"Kundservice", "Företag"}

var sampleSkills = []string{"lang:sv", "lang:en", "billing", "outdoor"}

// samplePerson is somebody at Nordvind, who has a login.
type samplePerson struct {
	login, name, group string
	role               gateway.Role
	language           string
	queues             map[string]int // key → level
	skills             map[string]int
	phone              bool // rings at the demo's telephone
	about              roster.Label
}

var everyQueue = map[string]int{"delivery": 2, "billing": 2, "returns": 2, "advice": 2, "business": 2}

var samplePeople = []samplePerson{
	{
		login: "alva", name: "Alva Karlsson", group: "Kundservice", role: gateway.RoleAgent, language: "sv", phone: true,
		queues: everyQueue, skills: map[string]int{"lang:sv": 3, "lang:en": 3, "billing": 2},
		about: label("Handläggare i alla köer, har telefonen", "Agent in every queue, has the telephone"),
	},
	{
		login: "erik", name: "Erik Lund", group: "Kundservice", role: gateway.RoleAgent, language: "sv",
		queues: map[string]int{"delivery": 3, "returns": 2}, skills: map[string]int{"lang:sv": 3, "lang:en": 1},
		about: label("Handläggare, leverans och retur", "Agent, delivery and returns"),
	},
	{
		login: "samira", name: "Samira Haddad", group: "Kundservice", role: gateway.RoleAgent, language: "sv",
		queues: map[string]int{"billing": 3, "business": 2}, skills: map[string]int{"lang:sv": 3, "lang:en": 3, "billing": 3},
		about: label("Handläggare, faktura och företag", "Agent, billing and business"),
	},
	{
		login: "johan", name: "Johan Nilsson", group: "Kundservice", role: gateway.RoleAgent, language: "sv",
		queues: map[string]int{"advice": 3, "returns": 2}, skills: map[string]int{"lang:sv": 3, "outdoor": 3},
		about: label("Handläggare, produktråd och retur", "Agent, advice and returns"),
	},
	{
		login: "maja", name: "Maja Berg", group: "Kundservice", role: gateway.RoleAgent, language: "sv",
		queues: map[string]int{"delivery": 2, "advice": 2}, skills: map[string]int{"lang:sv": 3, "lang:en": 2, "outdoor": 2},
		about: label("Handläggare, leverans och produktråd", "Agent, delivery and advice"),
	},
	{
		login: "leo", name: "Leo Martin", group: "Företag", role: gateway.RoleAgent, language: "en",
		queues: map[string]int{"business": 3, "billing": 2}, skills: map[string]int{"lang:en": 3, "billing": 2},
		about: label("Handläggare på engelska, företag och faktura", "Agent in English, business and billing"),
	},
	{
		login: "karin", name: "Karin Åkesson", group: "Kundservice", role: gateway.RoleSupervisor, language: "sv",
		queues: map[string]int{"business": 1}, skills: map[string]int{"lang:sv": 3, "lang:en": 3},
		about: label("Arbetsledare", "Supervisor"),
	},
	{
		login: "nils", name: "Nils Ek", group: "Företag", role: gateway.RoleAdministrator, language: "sv",
		about: label("Administratör", "Administrator"),
	},
}

var sampleStatusCodes = []roster.StatusCode{
	{Intent: gateway.IntentOnBreak, Code: "lunch", Name: label("Lunch", "Lunch")},
	{Intent: gateway.IntentOnBreak, Code: "coffee", Name: label("Kaffe", "Coffee")},
	{Intent: gateway.IntentOnBreak, Code: "short_break", Name: label("Kort paus", "Short break")},
	{Intent: gateway.IntentWorkingOffline, Code: "training", Name: label("Utbildning", "Training")},
	{Intent: gateway.IntentWorkingOffline, Code: "meeting", Name: label("Möte", "Meeting")},
	{Intent: gateway.IntentWorkingOffline, Code: "paperwork", Name: label("Efterarbete", "Paperwork")},
}

// sampleList is a list of transaction codes, of one or two levels.
type sampleList struct {
	name     roster.Label
	required bool
	codes    []sampleCode
}

type sampleCode struct {
	name  roster.Label
	codes []roster.Label
}

var sampleLists = []sampleList{
	{label("Vad gällde det?", "What was it about?"), true, []sampleCode{
		{label("Leverans", "Delivery"), []roster.Label{
			label("Försenad", "Late"), label("Skadad", "Damaged"), label("Saknas", "Missing"), label("Annan mottagare", "Another recipient"),
		}},
		{label("Faktura", "Invoice"), []roster.Label{
			label("Fel belopp", "Wrong amount"), label("Flytta förfallodag", "Move the due date"), label("Påminnelse", "Reminder"),
		}},
		{label("Retur", "Return"), []roster.Label{
			label("Ångerrätt", "Right of withdrawal"), label("Reklamation", "Complaint"), label("Byte", "Exchange"),
		}},
		{label("Produkt", "Product"), []roster.Label{
			label("Råd före köp", "Advice before buying"), label("Skötsel", "Care"), label("Reservdel", "Spare part"),
		}},
		{label("Övrigt", "Other"), []roster.Label{
			label("Kommit fel", "Not for us"), label("Skräppost", "Spam"),
		}},
	}},
	{label("Hur gick det?", "How did it go?"), false, []sampleCode{
		{name: label("Löst", "Solved")}, {name: label("Vi återkommer", "We will be back")}, {name: label("Lämnat vidare", "Passed on")},
	}},
}

// The shop's mailbox and the customers who write to it.
const (
	shopName    = "Nordvind kundservice"
	shopAddress = "kundservice@nordvind.example"
	widgetKey   = "nordvind"
)

// sampleCustomer is somebody who writes from the customer's page.
type sampleCustomer struct{ Key, Name, Address string }

var sampleCustomers = []sampleCustomer{
	{"anna", "Anna Lindqvist", "anna.lindqvist@kund.example"},
	{"omar", "Omar Rahimi", "omar.rahimi@kund.example"},
	{"emma", "Emma Clarke", "emma.clarke@customer.example"},
}

// customerNumber is the only number that agents may dial: the customer's telephone.
const customerNumber = "+46701740610"

// sampleNumber is a number of the shop's.
type sampleNumber struct {
	number, shown, queue, language string
	maxWait                        gateway.Seconds
	about                          roster.Label
}

var sampleNumbers = []sampleNumber{
	{"0846500410", "08-465 004 10", "delivery", "sv", 20, label("Leverans, röstbrevlåda efter 20 sekunder", "Delivery, voicemail after 20 seconds")},
	{"0846500411", "08-465 004 11", "billing", "sv", 60, label("Faktura", "Billing")},
	{"0846500412", "08-465 004 12", "advice", "en", 60, label("Produktråd på engelska", "Advice, in English")},
	{"0846500413", "08-465 004 13", "business", "sv", 15, label("Företag, röstbrevlåda efter 15 sekunder", "Business, voicemail after 15 seconds")},
}

// sampleTopics are what a chat may be about, and the queues they lead to.
func sampleTopics(queues map[string]gateway.QueueID) []chat.Topic {
	return []chat.Topic{
		{ID: "delivery", Label: label("Leverans", "Delivery"), Queue: queues["delivery"]},
		{ID: "invoice", Label: label("Faktura", "Invoice"), Queue: queues["billing"]},
		{ID: "return", Label: label("Retur", "Return"), Queue: queues["returns"]},
		{ID: "business", Label: label("Företag", "Business"), Queue: queues["business"]},
		{ID: "other", Label: label("Annat", "Other"), Queue: queues["advice"]},
	}
}
