package client

import (
	"slices"
	"strings"
	"sync"
)

// session holds the tokens that together say what the client has seen.
//
// One token is enough while calls follow each other: an answer covers what its
// request carried. Two calls at the same time send the same token and get two
// answers of which neither needs to cover the other, so both are kept, and
// the next answer to a request that carried both replaces both.
type session struct {
	mu     sync.Mutex
	tokens []string // guarded by mu; never changed in place
}

const tokenSeparator = ","

func (s *session) current() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

func (s *session) header() string { return strings.Join(s.current(), tokenSeparator) }

func (s *session) set(text string) {
	var tokens []string
	for part := range strings.SplitSeq(text, tokenSeparator) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(tokens, part) {
			tokens = append(tokens, part)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = tokens
}

// answered replaces what the request carried by what its answer says.
func (s *session) answered(sent []string, token string) {
	if token == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]string, 0, len(s.tokens)+1)
	for _, have := range s.tokens {
		if have != token && !slices.Contains(sent, have) {
			kept = append(kept, have)
		}
	}
	s.tokens = append(kept, token)
}
