package chat

// Runs says whether the server takes sockets: before that it closes them.
func (s *Server) Runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work != nil
}
