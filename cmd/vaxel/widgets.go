package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

func (w ways) Widgets(ctx context.Context) ([]api.Widget, error) {
	list, err := w.h.chat.Widgets(ctx)
	if err != nil {
		return nil, err
	}
	return widgets(w).known(ctx, list...)
}

// widgets are the chat's, as the API wants them: the same words in JSON, the id as text, and
// which keys there are.
type widgets struct{ h *house }

func (w widgets) Visit(ctx context.Context, c gateway.ConversationID) (api.Visit, error) {
	v, err := w.h.chat.Visit(ctx, c)
	return api.Visit(v), err
}

// BlockedVisitors, BlockVisitor and UnblockVisitor implement api.VisitorBlocks.
func (w widgets) BlockedVisitors(ctx context.Context, before int64, limit int) ([]api.BlockedVisitor, error) {
	list, err := w.h.chat.Blocks(ctx, before, limit)
	return mapped(list, viewBlock), err
}

func (w widgets) BlockVisitor(ctx context.Context, tx pgx.Tx, b api.BlockedVisitor, mayLift bool) (api.BlockedVisitor, error) {
	kept, err := w.h.chat.Block(ctx, tx, chat.Block{By: chat.BlockBy(b.By), Who: b.Who, Reason: b.Reason, Agent: b.Agent, Conversation: b.Conversation, Until: b.Until}, mayLift)
	return viewBlock(kept), err
}

func (w widgets) UnblockVisitor(ctx context.Context, tx pgx.Tx, id int64) error {
	return w.h.chat.Unblock(ctx, tx, id)
}

func viewBlock(b chat.Block) api.BlockedVisitor {
	return api.BlockedVisitor{ID: strconv.FormatInt(b.ID, 10), By: string(b.By), Who: b.Who, Reason: b.Reason, Agent: b.Agent, Conversation: b.Conversation, Until: b.Until, At: b.At}
}

func (w widgets) Widget(ctx context.Context, id int64) (api.Widget, error) {
	v, err := w.h.chat.Widget(ctx, w.h.pool, id)
	if err != nil {
		return api.Widget{}, err
	}
	out, err := w.known(ctx, v)
	if err != nil {
		return api.Widget{}, err
	}
	return out[0], nil
}

func (w widgets) KeepWidget(ctx context.Context, tx pgx.Tx, in api.Widget) (api.Widget, error) {
	v, err := chatWidget(in)
	if err == nil {
		v, err = w.h.chat.KeepWidget(ctx, tx, v)
	}
	if err != nil {
		return in, shown(err)
	}
	return viewWidget(v)
}

// shown is a refusal with what is there as the API writes it.
func shown(err error) error {
	e, ok := errors.AsType[*gateway.Error](err)
	if !ok {
		return err
	}
	now, ok := e.Data.(chat.Widget)
	if !ok {
		return err
	}
	view, err := viewWidget(now)
	return cmp.Or(err, error(gateway.Conflict(e.Code, e.Detail, view)))
}

func (w widgets) SealKeys(ctx context.Context, tx pgx.Tx, widget string, keys api.WidgetKeys) error {
	for name, plain := range map[string][]byte{chat.SharedKey(widget): keys.Secret, chat.PublicKey(widget): keys.Public, chat.BotKey(widget): keys.Bot} {
		if plain == nil {
			continue
		}
		if err := w.h.vault.Put(ctx, tx, name, plain); err != nil {
			return err
		}
	}
	return nil
}

// known are widgets for the API, with which keys there are.
func (w widgets) known(ctx context.Context, list ...chat.Widget) ([]api.Widget, error) {
	names := make([]string, 0, 3*len(list))
	for _, v := range list {
		names = append(names, chat.SharedKey(v.Key), chat.PublicKey(v.Key), chat.BotKey(v.Key))
	}
	there, err := w.h.vault.Known(ctx, names)
	if err != nil {
		return nil, err
	}
	out := make([]api.Widget, len(list))
	for i, v := range list {
		if out[i], err = viewWidget(v); err != nil {
			return nil, err
		}
		out[i].Identity = api.WidgetIdentity{Secret: there[chat.SharedKey(v.Key)], Key: there[chat.PublicKey(v.Key)], Bot: there[chat.BotKey(v.Key)]}
	}
	return out, nil
}

func viewWidget(v chat.Widget) (out api.Widget, err error) {
	err = recast(v, &out, strconv.FormatInt(v.ID, 10))
	return out, err
}

func chatWidget(in api.Widget) (v chat.Widget, err error) {
	id, err := strconv.ParseInt("0"+in.ID, 10, 64)
	if err != nil {
		return v, fmt.Errorf("read a widget's id: %w", err)
	}
	err = recast(in, &v, id)
	return v, err
}

// recast copies what two rooms call the same, and gives it the id as the other writes it.
func recast(from, to any, id any) error {
	fields := map[string]json.RawMessage{}
	body, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(body, &fields)
	}
	if err == nil {
		fields["id"], err = json.Marshal(id)
	}
	if err == nil {
		body, err = json.Marshal(fields)
	}
	if err == nil {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		return fmt.Errorf("copy a %T: %w", from, err)
	}
	return nil
}
