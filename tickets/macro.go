package tickets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Macro is what is done often, kept ready: words with variables, and what becomes of the
// case that they are used on. One that only has words is what others call a template.
type Macro struct {
	ID     int64             `json:"id,string"`
	Name   string            `json:"name"`
	Agent  gateway.AgentID   `json:"agent,omitempty"`  // whose own it is; 0: everybody's
	Queues []gateway.QueueID `json:"queues,omitempty"` // where it is offered; none: everywhere
	Words

	Articles []gateway.ArticleID `json:"articles,omitempty"` // whose links stand below the text
	State    CaseState           `json:"state,omitempty"`    // of the case; empty: as it is
	Queue    gateway.QueueID     `json:"queue,omitempty"`    // of the case; 0: as it is
	Tags     []string            `json:"tags,omitempty"`     // that the case gets beside its own
	Codes    []gateway.CodeID    `json:"codes,omitempty"`    // to finish with, unless the agent chooses others
	Rev      int64               `json:"rev"`
}

// Words are a text with variables, and the same as HTML where it has more to show; there is
// no HTML without the text.
type Words struct {
	Text string `json:"text,omitempty"`
	HTML string `json:"html,omitempty"`
}

const maxWords = 100_000 // bytes of a text or its HTML

func (w *Words) settle() error {
	w.Text, w.HTML = gateway.Clean(w.Text), gateway.Clean(w.HTML)
	if len(w.Text) > maxWords || len(w.HTML) > maxWords {
		return gateway.Invalid("text_too_long", fmt.Sprintf("a text kept ready has at most %d bytes", maxWords))
	}
	if strings.TrimSpace(w.Text) == "" && strings.TrimSpace(w.HTML) != "" {
		return gateway.Invalid("text_missing", "give the text beside the HTML: some mail programs, and a chat, show nothing else")
	}
	return CheckVariables(w.Text, w.HTML)
}

const macroColumns = `id, name, agent, queues, text, html, articles, state, queue, tags, codes, rev`

func scanMacro(r pgx.CollectableRow) (m Macro, err error) {
	err = r.Scan(&m.ID, &m.Name, &m.Agent, &m.Queues, &m.Text, &m.HTML, &m.Articles, &m.State, &m.Queue, &m.Tags, &m.Codes, &m.Rev)
	return m, err
}

// Macros lists those that an agent may use, by name: everybody's and their own. Agent 0 has
// none of their own. A queue narrows it to those offered there.
func (s *Store) Macros(ctx context.Context, agent gateway.AgentID, queue gateway.QueueID) ([]Macro, error) {
	rows, _ := s.db.Query(ctx, `
		select `+macroColumns+`
		from macro
		where agent in (0, $1) and ($2 = 0 or queues = '{}' or $2 = any(queues))
		order by lower(name), id`, int64(agent), int64(queue)) // the error comes with the rows
	return pgx.CollectRows(rows, scanMacro)
}

// Macro gives one that an agent may use.
func (s *Store) Macro(ctx context.Context, agent gateway.AgentID, id int64) (Macro, error) {
	rows, _ := s.db.Query(ctx, `
		select `+macroColumns+`
		from macro
		where id = $1 and agent in (0, $2)`, id, int64(agent)) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanMacro)
	if err == nil && len(list) == 0 {
		return Macro{}, noMacro()
	}
	if err != nil {
		return Macro{}, err
	}
	return list[0], nil
}

func noMacro() error {
	return gateway.NotFound("no_macro", "there is no such macro; somebody may have removed it")
}

// SaveMacro keeps a new macro, whose ID is 0, or changes one of the same agent's if it still
// has m.Rev (0: whatever is there).
func (s *Store) SaveMacro(ctx context.Context, m Macro) (Macro, error) {
	if err := m.settle(); err != nil {
		return m, err
	}
	args := []any{m.Name, int64(m.Agent), m.Queues, m.Text, m.HTML, m.Articles, m.State, int64(m.Queue), m.Tags, m.Codes}
	if m.ID == 0 {
		rows, _ := s.db.Query(ctx, `
			insert into macro (name, agent, queues, text, html, articles, state, queue, tags, codes)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			returning `+macroColumns, args...) // the error comes with the rows
		return pgx.CollectExactlyOneRow(rows, scanMacro)
	}
	rows, _ := s.db.Query(ctx, `
		update macro
		set name = $1, queues = $3, text = $4, html = $5, articles = $6, state = $7, queue = $8, tags = $9, codes = $10, rev = rev + 1
		where id = $11 and agent = $2 and $12::bigint in (0, rev)
		returning `+macroColumns, append(args, m.ID, m.Rev)...) // the error comes with the rows
	changed, err := pgx.CollectRows(rows, scanMacro)
	if err != nil || len(changed) == 1 {
		return append(changed, m)[0], err
	}
	have, err := s.Macro(ctx, m.Agent, m.ID)
	if err == nil && have.Agent != m.Agent {
		err = noMacro()
	}
	if err != nil {
		return m, err
	}
	return m, stale(have)
}

// DropMacro removes one of an agent's own, or, for 0, one of everybody's.
func (s *Store) DropMacro(ctx context.Context, agent gateway.AgentID, id int64) error {
	tag, err := s.db.Exec(ctx, `delete from macro where id = $1 and agent = $2`, id, int64(agent))
	if err == nil && tag.RowsAffected() == 0 {
		return noMacro()
	}
	return err
}

func (m *Macro) settle() error {
	if m.Name = short(m.Name, 200); m.Name == "" {
		return gateway.Invalid("name_missing", "a macro needs a name to be found by")
	}
	if m.State != "" {
		if err := m.State.check(); err != nil {
			return err
		}
	}
	tags := Case{Tags: m.Tags}
	if err := tags.settle(); err != nil {
		return err
	}
	m.Tags = tags.Tags
	m.Queues, m.Articles, m.Codes = orNone(m.Queues), orNone(m.Articles), orNone(m.Codes)
	return m.Words.settle()
}

// orNone is a list that PostgreSQL takes for an empty one, not for null.
func orNone[T any](list []T) []T { return append(make([]T, 0, len(list)), list...) }

// On is what a case becomes by the macro.
func (m *Macro) On(c Case) Case {
	if m.State != "" {
		c.State = m.State
	}
	if m.Queue != 0 {
		c.Queue = m.Queue
	}
	for _, t := range m.Tags {
		if !slices.Contains(c.Tags, t) {
			c.Tags = append(slices.Clone(c.Tags), t)
		}
	}
	return c
}

// Changes says that a macro does something to a case.
func (m *Macro) Changes() bool { return m.State != "" || m.Queue != 0 || len(m.Tags) > 0 }

// SignatureOf says whose a signature is.
type SignatureOf string

// Whose signatures are.
const (
	SignatureOfAgent SignatureOf = "agent"
	SignatureOfQueue SignatureOf = "queue"
)

// Signature gives what an agent's or a queue's mails end with; empty if nothing.
func (s *Store) Signature(ctx context.Context, of SignatureOf, id int64) (w Words, err error) {
	err = s.db.QueryRow(ctx, `
		select coalesce(max(text), ''), coalesce(max(html), '')
		from signature
		where kind = $1 and owner = $2`, of, id).Scan(&w.Text, &w.HTML)
	return w, err
}

// SetSignature keeps it. A queue's may name {{agent.signature}}; an agent's own may not.
func (s *Store) SetSignature(ctx context.Context, of SignatureOf, id int64, w Words) (Words, error) {
	if err := w.settle(); err != nil {
		return w, err
	}
	if of == SignatureOfAgent && strings.Contains(w.Text+w.HTML, "agent.signature") {
		return w, gateway.Invalid("signature_in_itself", "your own signature can't name {{agent.signature}}; a queue's can")
	}
	_, err := s.db.Exec(ctx, `
		insert into signature (kind, owner, text, html)
		values ($1, $2, $3, $4)
		on conflict (kind, owner) do update set text = excluded.text, html = excluded.html`, of, id, w.Text, w.HTML)
	return w, err
}
