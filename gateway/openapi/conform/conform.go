// Package conform holds what a server answered to what package openapi says of it. Tests use it.
//
// # Guarantees
//
// A successful answer passes only if its operation is described, its status is one of the operation's, and its body has
// the shape of that status with no member more. A refusal passes only with the envelope of errors. A body that the server
// accepted must have the shape that is described for it, unless that is left open. Parameters that the server accepted
// must be among those described.
//
// # What is not guaranteed
//
// Streams and bodies that are not JSON are not looked into.
package conform

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/selvedge-db/selvedge/gateway/openapi"
)

// Checker checks answers. It may be used by many goroutines.
type Checker struct {
	refusal    *jsonschema.Schema
	operations []*operation

	mu   sync.Mutex
	seen map[string]bool
}

type operation struct {
	openapi.Operation
	segments []string
	body     *jsonschema.Schema
	replies  map[int]*jsonschema.Schema // nil where the body is not JSON
	query    map[string]bool
}

// New compiles the shapes.
func New() (*Checker, error) {
	c := &Checker{seen: map[string]bool{}}
	var err error
	if c.refusal, err = compile("Error", openapi.Named("Error")); err != nil {
		return nil, err
	}
	for _, o := range openapi.Operations() {
		made := &operation{Operation: o, segments: strings.Split(o.Path[1:], "/"), replies: map[int]*jsonschema.Schema{}}
		if err := made.compile(); err != nil {
			return nil, err
		}
		c.operations = append(c.operations, made)
	}
	return c, nil
}

func (o *operation) compile() error {
	replies, err := o.Each()
	if err != nil {
		return err
	}
	for _, r := range replies {
		o.replies[r.Status] = nil
		if r.Shape != nil {
			if o.replies[r.Status], err = compile(fmt.Sprintf("%s-%d", o.ID, r.Status), r.Shape); err != nil {
				return err
			}
		}
	}
	body, err := o.Takes()
	if err == nil && body != nil {
		o.body, err = compile(o.ID, body)
	}
	if err != nil {
		return err
	}
	o.query, err = o.Parameters()
	return err
}

func compile(name string, s *openapi.Shape) (*jsonschema.Schema, error) {
	text, err := openapi.Strict(s)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", name, err)
	}
	c := jsonschema.NewCompiler()
	where := "mem://" + name + ".json"
	if err := c.AddResource(where, doc); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", name, err)
	}
	made, err := c.Compile(where)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", name, err)
	}
	return made, nil
}

// Exchange is a request and its answer.
type Exchange struct {
	Method, URL string
	Body        []byte
	Status      int
	Answer      []byte
	Background  bool // the request went to the background: the answer is not the operation's
	Foreign     bool // from a client of another system, whose further parameters are passed over
}

// Check says what of an exchange is not as described, or nil.
func (c *Checker) Check(x Exchange) error {
	at, err := url.Parse(x.URL)
	if err != nil {
		return err
	}
	segments := canonical(at.Path)
	o := c.find(x.Method, segments)
	switch {
	case x.Method == http.MethodOptions || x.Background || page(segments):
		return nil
	case x.Status >= 400:
		return c.refused(o, x)
	case o == nil:
		return fmt.Errorf("%s /%s is answered with %d and not described", x.Method, strings.Join(segments, "/"), x.Status)
	}
	schema, ok := o.replies[x.Status]
	if !ok {
		return fmt.Errorf("%s %s: status %d is not described", o.Method, o.Path, x.Status)
	}
	for name := range at.Query() {
		if !o.query[name] && !x.Foreign {
			return fmt.Errorf("%s %s: the parameter %q is not described", o.Method, o.Path, name)
		}
	}
	if err := o.accepted(x.Body); err != nil {
		return err
	}
	c.mu.Lock()
	c.seen[o.ID] = true
	c.mu.Unlock()
	if schema == nil || x.Method == http.MethodHead {
		return nil
	}
	if err := validate(schema, x.Answer); err != nil {
		return fmt.Errorf("%s %s: the answer %d is not as described: %w", o.Method, o.Path, x.Status, err)
	}
	return nil
}

// page tells whether a path is one of those for browsers.
func page(segments []string) bool {
	return len(segments) == 0 || slices.Contains([]string{"console", "docs", "openapi.json"}, segments[0])
}

// accepted checks a body that the server took. One that is no JSON was of no matter to it.
func (o *operation) accepted(body []byte) error {
	if o.body == nil || len(body) == 0 {
		return nil
	}
	if err := validate(o.body, body); err != nil {
		return fmt.Errorf("%s %s: the body %.200s was accepted and is not as described: %w", o.Method, o.Path, body, err)
	}
	return nil
}

func (c *Checker) refused(o *operation, x Exchange) error {
	if o != nil {
		if schema := o.replies[x.Status]; schema != nil {
			return validate(schema, x.Answer)
		}
	}
	if x.Method == http.MethodHead {
		return nil
	}
	if err := validate(c.refusal, x.Answer); err != nil {
		return fmt.Errorf("%s %s: the refusal %d is not as described: %w", x.Method, x.URL, x.Status, err)
	}
	return nil
}

func validate(s *jsonschema.Schema, text []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%.200s is not JSON: %w", text, err)
	}
	return s.Validate(v)
}

// Unseen lists the operations of which no answer was checked.
func (c *Checker) Unseen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, o := range c.operations {
		if !c.seen[o.ID] {
			out = append(out, o.ID+": "+o.Method+" "+o.Path)
		}
	}
	return out
}

// find gives the operation of a path: one that spells it out before one with a parameter in its place.
func (c *Checker) find(method string, path []string) *operation {
	var best *operation
	parameters := len(path) + 1
	for _, o := range c.operations {
		if o.Method != method || len(o.segments) != len(path) {
			continue
		}
		n, fits := 0, true
		for i, s := range o.segments {
			if strings.HasPrefix(s, "{") {
				n++
			} else if s != path[i] {
				fits = false
			}
		}
		if fits && n < parameters {
			best, parameters = o, n
		}
	}
	return best
}

// canonical takes off what stands before a path, and gives other names of paths their first.
func canonical(path string) []string {
	segments := slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
	for len(segments) > 1 && slices.Contains([]string{"_tenant", "_fabric", "_db"}, segments[0]) {
		segments = segments[2:]
	}
	if len(segments) > 0 && (segments[0] == "_api" || segments[0] == "_admin") {
		segments = segments[1:]
	}
	if len(segments) == 0 {
		return segments
	}
	switch segments[0] {
	case "gharial":
		segments[0] = "graph"
	case "aqlfunction":
		segments[0] = "c8qlfunction"
	case "explain":
		segments = append([]string{"query"}, segments...)
	}
	return segments
}
