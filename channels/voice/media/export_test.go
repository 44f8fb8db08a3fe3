package media

import "time"

// Sicken makes every attempt to receive at the shared ports fail until the time.
func (p *Plane) Sicken(until time.Time) error {
	for _, port := range p.shared {
		if err := port.conn.SetReadDeadline(until); err != nil {
			return err
		}
	}
	return nil
}
