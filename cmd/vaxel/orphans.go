package main

import (
	"context"
	"time"
)

const (
	orphansLook  = 10 * time.Second
	orphansAfter = 2 * time.Minute // a node that restarts ends its calls itself
)

// buryOrphans ends the calls of nodes that have been away for two minutes: their customers
// are called back, also if the node never returns. It runs where there is a telephone.
func (h *house) buryOrphans(ctx context.Context) error {
	away := map[string]time.Time{}
	tick := time.NewTicker(orphansLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := h.lookForOrphans(ctx, away, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Warn("look for calls of nodes that are gone", "err", err)
		}
	}
}

// lookForOrphans keeps since when the nodes of open calls are away.
func (h *house) lookForOrphans(ctx context.Context, away map[string]time.Time, now time.Time) error {
	names, err := h.voice.Nodes(ctx)
	if err != nil {
		return err
	}
	there, err := h.there(ctx)
	if err != nil {
		return err
	}
	for _, name := range gone(names, there, away, now) {
		h.log.Warn("ending the calls of a node that is gone", "node", name)
		if err := h.voice.BuryOf(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// there are the names of the nodes that are alive.
func (h *house) there(ctx context.Context) (map[string]bool, error) {
	list, err := h.nodes.List(ctx)
	names := map[string]bool{h.config.Node: true}
	for _, n := range list {
		names[n.Name] = names[n.Name] || h.nodes.Alive(n.Run)
	}
	return names, err
}

// gone are those of the names that have been away for long enough.
func gone(names []string, there map[string]bool, away map[string]time.Time, now time.Time) (list []string) {
	open := map[string]bool{}
	for _, name := range names {
		if open[name] = true; there[name] {
			delete(away, name)
			continue
		}
		if away[name].IsZero() {
			away[name] = now
		}
		if now.Sub(away[name]) >= orphansAfter {
			list = append(list, name)
		}
	}
	for name := range away {
		if !open[name] {
			delete(away, name)
		}
	}
	return list
}
