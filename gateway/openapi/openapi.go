// Package openapi describes the REST surface as data: each operation once, with the shapes of what it takes and gives.
// From that come the OpenAPI 3.1 document, the page docs/reference/operations.md, and the checks of package conform.
//
// # Guarantees
//
// The document is the same at every call. Every operation in it has been answered by the server in the tests of
// gateway/http, and every successful answer there has the shape that stands here, member by member.
//
// # What is not guaranteed
//
// Shapes of refusals beyond the envelope, headers, and the bodies of multipart requests are described, not checked.
// Members may be added to objects by later versions; that is why the document leaves objects open.
//
// # Shapes
//
// Shapes are written in a notation of their own, see parse:
//
//	string integer number boolean null any    kinds; any is every value
//	"text"                                    that text alone
//	[T]  <T>  T | U  Name                     arrays, objects of any names, unions, a shape of the list of names
//	{a: T, b?: T, ...Name, ...}               objects; ? may be missing; ...Name has the members of another; ... is open
package openapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Operation is one method of one path below /_fabric/NAME/_api.
type Operation struct {
	Method, Path string
	Tag, ID      string
	Summary      string
	Query        string // members of an object: the parameters behind the question mark
	Body         string // a shape, or empty
	Replies      string // "STATUS SHAPE", separated by semicolons; without a shape the reply has no JSON
	Media        string // of the replies, when it is not JSON
	BodyMedia    string // of the body, when it is not JSON
	Open         bool   // needs no credentials
}

// Reply is one status of an operation.
type Reply struct {
	Status int
	Shape  *Shape // nil when the body is not JSON
}

// Each reads the replies.
func (o *Operation) Each() ([]Reply, error) {
	var out []Reply
	for _, text := range split(o.Replies, ';') {
		text = strings.TrimSpace(text)
		number, shape, _ := strings.Cut(text, " ")
		r := Reply{}
		if _, err := fmt.Sscanf(number, "%d", &r.Status); err != nil {
			return nil, fmt.Errorf("%s %s: reply %q: want a status", o.Method, o.Path, text)
		}
		if shape != "" {
			var err error
			if r.Shape, err = parse(shape); err != nil {
				return nil, fmt.Errorf("%s %s: %w", o.Method, o.Path, err)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// Takes reads the shape of the body, nil when there is none.
func (o *Operation) Takes() (*Shape, error) {
	if o.Body == "" || o.BodyMedia != "" {
		return nil, nil
	}
	return parse(o.Body)
}

// Parameters names those behind the question mark.
func (o *Operation) Parameters() (map[string]bool, error) {
	of, err := parse("{" + o.Query + "}")
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", o.Method, o.Path, err)
	}
	out := map[string]bool{}
	for _, m := range of.members {
		out[m.name] = true
	}
	return out, nil
}

// Named is the shape of a name.
func Named(name string) *Shape { return &Shape{kind: named, name: name} }

// Operations lists all of them, in the order of the document.
func Operations() []Operation {
	var out []Operation
	for _, group := range groups {
		for _, o := range group.operations {
			o.Tag = group.tag
			out = append(out, o)
		}
	}
	return out
}

// group is the operations about one thing.
type group struct {
	tag, text  string
	operations []Operation
}

// Document is the OpenAPI 3.1 document.
func Document(version string) ([]byte, error) {
	d := &document{strict: false}
	out, err := d.make(version)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return append(text, '\n'), nil
}
