package check

import "fmt"

// Property is a property of the fabric that must hold, numbered as in the documentation.
type Property int

// The properties.
const (
	Convergence Property = 1 + iota
	Causality
	Atomicity
	Session
	Durability
	Delivery
	Metadata
	Merge
	Isolation
)

// String names the property.
func (p Property) String() string {
	names := [...]string{"none", "convergence", "causality", "atomicity", "session", "durability", "delivery", "metadata", "merge", "isolation"}
	if p < 0 || int(p) >= len(names) {
		return fmt.Sprintf("property %d", int(p))
	}
	return names[p]
}

// Violation is one case in which a property did not hold.
type Violation struct {
	Property Property
	At       int64 // microseconds of the simulation
	Site     string
	Text     string
}

// String is the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%.6fs %s: %s (%d): %s", float64(v.At)/1e6, v.Site, v.Property, int(v.Property), v.Text)
}

// mostKept is how many violations are kept; later ones follow from the first most often.
const mostKept = 20

// Report gathers violations.
type Report struct {
	Now        int64 // microseconds, set by whoever runs the simulation
	Violations []Violation
	Count      int
	Reads      uint64 // reads judged
}

// Fail records a violation.
func (r *Report) Fail(p Property, site, format string, args ...any) {
	r.Count++
	if len(r.Violations) < mostKept {
		r.Violations = append(r.Violations, Violation{p, r.Now, site, fmt.Sprintf(format, args...)})
	}
}
