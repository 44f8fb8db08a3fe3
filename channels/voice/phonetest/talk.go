package phonetest

import "testing"

// Talk waits until two phones hear what the other says, whatever stands between them.
func Talk(t testing.TB, what string, a, b *Phone) {
	t.Helper()
	Wait(t, what, func() bool { return a.Sound.Ear.Hears(b.Sound.says()) && b.Sound.Ear.Hears(a.Sound.says()) })
}

func (s *Sound) says() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hz
}
