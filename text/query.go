package text

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// Op says how a term joins with what is before it.
type Op uint8

// The ways: both must match, either is enough, the term must not match.
const (
	And Op = iota + 1
	Or
	Not
)

// Term is one term of a query: words that must all be there, the last one being the beginning of a word with Prefix.
type Term struct {
	Op     Op
	Words  []string
	Prefix bool
}

// Query is a fulltext query. The terms take effect from left to right; the first one is never a Not.
type Query struct{ Terms []Term }

// QueryError says where a fulltext query is wrong. Offset is in bytes.
type QueryError struct {
	Offset int
	Near   string
	Reason string
}

// Error gives the reason and the place.
func (e *QueryError) Error() string {
	if e.Near == "" {
		return fmt.Sprintf("fulltext query: %s, at the end", e.Reason)
	}
	return fmt.Sprintf("fulltext query: %s, near %s at byte %d", e.Reason, quoted(e.Near), e.Offset)
}

// The limits of a query.
const (
	maxQueryBytes = 64 << 10
	maxTerms      = 1000
)

// Parse reads a fulltext query.
func Parse(query string) (*Query, error) {
	if len(query) > maxQueryBytes {
		return nil, &QueryError{maxQueryBytes, query[maxQueryBytes:min(len(query), maxQueryBytes+20)], fmt.Sprintf("it is longer than %d bytes", maxQueryBytes)}
	}
	q := &Query{}
	offset := 0
	for part := range strings.SplitSeq(query, ",") {
		term, err := parseTerm(part, offset, len(q.Terms) == 0)
		if err != nil {
			return nil, err
		}
		if q.Terms = append(q.Terms, term); len(q.Terms) > maxTerms {
			return nil, &QueryError{offset, part, fmt.Sprintf("it has more than %d terms", maxTerms)}
		}
		offset += len(part) + 1
	}
	return q, nil
}

func parseTerm(part string, offset int, first bool) (Term, error) {
	fail := func(format string, args ...any) (Term, error) {
		return Term{}, &QueryError{offset, strings.TrimSpace(part), fmt.Sprintf(format, args...)}
	}
	term := Term{Op: And}
	rest := strings.TrimSpace(part)
	if rest == "" {
		return fail("a term is empty: want a word, complete:WORD or prefix:WORD")
	}
	switch rest[0] {
	case '|':
		term.Op, rest = Or, rest[1:]
	case '-':
		term.Op, rest = Not, rest[1:]
	case '+':
		rest = rest[1:]
	}
	if first && term.Op == Not {
		return fail("the first term cannot be one to leave out: put a word to find before it")
	}
	rest = strings.TrimSpace(rest)
	if head, tail, ok := strings.Cut(rest, ":"); ok {
		switch strings.ToLower(strings.TrimSpace(head)) {
		case "complete":
			rest = tail
		case "prefix":
			rest, term.Prefix = tail, true
		default:
			return fail("%s is no way to match: want complete: or prefix:", quoted(head))
		}
	}
	eachWord(rest, func(word string) { term.Words = append(term.Words, indexed(word)) })
	if len(term.Words) == 0 {
		return fail("a term has no word: want letters or digits")
	}
	return term, nil
}

// Match says whether a text with these words, as Words gives them, is found.
func (q *Query) Match(words []string) bool {
	found := false
	for i, t := range q.Terms {
		matches := t.match(words)
		switch {
		case i == 0:
			found = matches
		case t.Op == Or:
			found = found || matches
		case t.Op == Not:
			found = found && !matches
		default:
			found = found && matches
		}
	}
	return found
}

func (t *Term) match(words []string) bool {
	for i, w := range t.Words {
		at, exact := slices.BinarySearch(words, w)
		if t.Prefix && i == len(t.Words)-1 {
			exact = at < len(words) && strings.HasPrefix(words[at], w)
		}
		if !exact {
			return false
		}
	}
	return true
}

// Select finds the documents of a query in an index. read gives the keys of the entries between two bounds, [lower,
// upper), in any order and repeated where they are. The result is sorted and has each key once.
func (q *Query) Select(read func(lower, upper []byte) ([]string, error)) ([]string, error) {
	var found []string
	for i := range q.Terms {
		t := &q.Terms[i]
		if i > 0 && len(found) == 0 && t.Op != Or {
			continue
		}
		keys, err := t.keys(read)
		if err != nil {
			return nil, err
		}
		switch {
		case i == 0:
			found = keys
		case t.Op == Or:
			found = append(found, keys...)
			sort.Strings(found)
			found = slices.Compact(found)
		default:
			found = kept(found, keys, t.Op == And)
		}
	}
	return found, nil
}

func (t *Term) keys(read func(lower, upper []byte) ([]string, error)) ([]string, error) {
	var found []string
	for i, w := range t.Words {
		lower, upper := Bounds(w, t.Prefix && i == len(t.Words)-1)
		keys, err := read(lower, upper)
		if err != nil {
			return nil, err
		}
		keys = slices.Clone(keys)
		sort.Strings(keys)
		keys = slices.Compact(keys)
		if i > 0 {
			keys = kept(found, keys, true)
		}
		if found = keys; len(found) == 0 {
			break
		}
	}
	return found, nil
}

// kept leaves of a sorted list what another sorted list has, or has not.
func kept(list, other []string, has bool) []string {
	out := list[:0]
	for _, k := range list {
		for len(other) > 0 && other[0] < k {
			other = other[1:]
		}
		if (len(other) > 0 && other[0] == k) == has {
			out = append(out, k)
		}
	}
	return out
}

// Bounds are the entries of a word, or of all words that begin with it: [lower, upper).
func Bounds(word string, prefix bool) (lower, upper []byte) {
	lower = value.AppendKeyString(nil, word)
	if prefix {
		lower = lower[:len(lower)-endMark]
	}
	upper = slices.Clone(lower)
	for i := len(upper) - 1; i >= 0; i-- {
		if upper[i]++; upper[i] != 0 {
			return lower, upper[:i+1]
		}
	}
	return lower, nil
}

// endMark is how many bytes end a word in an entry.
const endMark = 2
