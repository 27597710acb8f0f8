package openapi

import (
	"fmt"
	"slices"
	"strings"
)

// Shape is what a JSON value looks like.
type Shape struct {
	kind    kind
	name    string   // of a named shape; the text of a literal; the kind's name
	of      []*Shape // elements of an array, values of a map, sides of a union
	members []member
	open    bool
}

type kind uint8

const (
	plain    kind = iota // string, integer, number, boolean, null
	anyValue             // every value
	literal              // one text
	array
	mapping // an object of any names
	object
	union
	named
)

type member struct {
	name     string
	optional bool
	shape    *Shape
}

var plainKinds = []string{"string", "integer", "number", "boolean", "null"}

// parse reads the notation that the package comment describes.
func parse(text string) (*Shape, error) {
	p := &parser{text: text}
	s, err := p.union()
	if err == nil && p.skip() != 0 {
		err = p.fail("nothing more")
	}
	return s, err
}

type parser struct {
	text string
	at   int
}

func (p *parser) fail(want string) error {
	return fmt.Errorf("shape %q at %d: want %s", p.text, p.at, want)
}

// skip passes blanks and gives the next byte, 0 at the end.
func (p *parser) skip() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\n", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) take(what string) bool {
	p.skip()
	if strings.HasPrefix(p.text[p.at:], what) {
		p.at += len(what)
		return true
	}
	return false
}

func (p *parser) union() (*Shape, error) {
	first, err := p.one()
	if err != nil {
		return nil, err
	}
	all := []*Shape{first}
	for p.take("|") {
		next, err := p.one()
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
	if len(all) == 1 {
		return first, nil
	}
	return &Shape{kind: union, of: all}, nil
}

func (p *parser) one() (*Shape, error) {
	switch p.skip() {
	case '[':
		return p.enclosed(array, "[", "]")
	case '<':
		return p.enclosed(mapping, "<", ">")
	case '{':
		return p.object()
	case '"':
		end := strings.IndexByte(p.text[p.at+1:], '"')
		if end < 0 {
			return nil, p.fail("a closing quote")
		}
		s := &Shape{kind: literal, name: p.text[p.at+1 : p.at+1+end]}
		p.at += end + 2
		return s, nil
	}
	name := p.word()
	switch {
	case name == "":
		return nil, p.fail("a shape")
	case name == "any":
		return &Shape{kind: anyValue}, nil
	case slices.Contains(plainKinds, name):
		return &Shape{kind: plain, name: name}, nil
	}
	if _, ok := shapes[name]; !ok {
		return nil, p.fail("a known name, not " + name)
	}
	return &Shape{kind: named, name: name}, nil
}

func (p *parser) word() string {
	p.skip()
	from := p.at
	for p.at < len(p.text) && (p.text[p.at] == '_' || p.text[p.at] == '@' || p.text[p.at] == '.' || p.text[p.at] == '-' ||
		'a' <= p.text[p.at]|32 && p.text[p.at]|32 <= 'z' || '0' <= p.text[p.at] && p.text[p.at] <= '9') {
		p.at++
	}
	return p.text[from:p.at]
}

func (p *parser) enclosed(k kind, open, end string) (*Shape, error) {
	p.take(open)
	s := &Shape{kind: k}
	if p.take(end) {
		s.of = []*Shape{{kind: anyValue}}
		return s, nil
	}
	of, err := p.union()
	if err != nil {
		return nil, err
	}
	if !p.take(end) {
		return nil, p.fail(end)
	}
	s.of = []*Shape{of}
	return s, nil
}

func (p *parser) object() (*Shape, error) {
	p.take("{")
	s := &Shape{kind: object}
	for !p.take("}") {
		if len(s.members) > 0 || s.open {
			if !p.take(",") {
				return nil, p.fail("a comma or }")
			}
		}
		if p.take("...") {
			if err := p.spread(s); err != nil {
				return nil, err
			}
			continue
		}
		m := member{name: p.word()}
		if m.name == "" {
			return nil, p.fail("the name of a member")
		}
		m.optional = p.take("?")
		if !p.take(":") {
			return nil, p.fail("a colon")
		}
		var err error
		if m.shape, err = p.union(); err != nil {
			return nil, err
		}
		s.add(m)
	}
	return s, nil
}

// spread takes in the members of a named object, or opens the object.
func (p *parser) spread(s *Shape) error {
	name := p.word()
	if name == "" {
		s.open = true
		return nil
	}
	text, ok := shapes[name]
	if !ok {
		return p.fail("a known name, not " + name)
	}
	of, err := parse(text)
	if err != nil {
		return err
	}
	if of.kind != object {
		return p.fail(name + " to be an object")
	}
	s.open = s.open || of.open
	for _, m := range of.members {
		s.add(m)
	}
	return nil
}

// add sets a member; a later one of the same name takes the place of the earlier.
func (s *Shape) add(m member) {
	for i := range s.members {
		if s.members[i].name == m.name {
			s.members[i] = m
			return
		}
	}
	s.members = append(s.members, m)
}

// split cuts at a byte that stands in no bracket and no quotes.
func split(text string, at byte) []string {
	var out []string
	depth, quoted, from := 0, false, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case strings.IndexByte("[{<", c) >= 0:
			depth++
		case strings.IndexByte("]}>", c) >= 0:
			depth--
		case c == at && depth == 0:
			out, from = append(out, text[from:i]), i+1
		}
	}
	return append(out, text[from:])
}
