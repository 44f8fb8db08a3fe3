package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// chapters are the parts of the contract, by the first word of their paths.
var chapters = []struct{ word, title, about string }{
	{"session", "Signing in", "Sessions, passwords and the socket's ticket."},
	{"me", "Yourself", "Your status, settings, lines and figures."},
	{"offers", "Offers", "Taking or leaving what you are offered."},
	{"interactions", "Interactions", "What customers want, from arrival to transaction code."},
	{"conversations", "Conversations", "What was said, by position."},
	{"calls", "Calls", "The telephone."},
	{"articles", "Articles", "The knowledge base."},
	{"cases", "Cases", "Cases, customers and tasks."},
	{"queues", "Boards", "Queues, agents and figures right now."},
	{"staff-chats", "Colleagues", "Chats between agents, and supervisors' messages."},
	{"attachments", "Files", "Attachments, recordings and mails as they came."},
	{"admin", "Administration", "Who works here and how; every change is audited."},
}

// within says which chapter a path of another first word belongs to.
var within = map[string]string{
	"alerts":        "queues",
	"socket-ticket": "session", "socket": "session", "sessions": "session", "status-codes": "me",
	"transaction-codes": "interactions", "customers": "cases", "tasks": "cases", "search": "cases", "mails": "cases", "macros": "cases",
	"agents": "queues", "groups": "queues", "skills": "queues", "statistics": "queues", "supervisor-messages": "staff-chats",
	"collaborations": "interactions", "entries": "attachments", "article-categories": "articles", "audit": "admin",
}

func tagOf(path string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if of, ok := within[word]; ok {
		word = of
	}
	for _, c := range chapters {
		if c.word == word {
			return c.title
		}
	}
	panic("api: " + path + " is in no chapter of the contract")
}

func tags() []*huma.Tag {
	out := make([]*huma.Tag, len(chapters))
	for i, c := range chapters {
		out[i] = &huma.Tag{Name: c.title, Description: c.about}
	}
	return out
}
