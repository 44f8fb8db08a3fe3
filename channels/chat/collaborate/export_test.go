package collaborate

import "context"

// Sweep sweeps once, now.
func (r *Room) Sweep(ctx context.Context) error { return r.sweep(ctx) }
