package plan

import (
	"strings"
)

// Rule is one way of making plans better.
type Rule struct {
	Name, Doc string
	apply     func(b *builder, p *Plan) bool // says whether it changed something
}

// rules are applied in this order to every plan, those within it first.
func rules() []Rule {
	return []Rule{}
}

// Rules lists the rules.
func Rules() []Rule { return rules() }

// switches reads which rules are off.
func switches(list []string) map[string]bool {
	on := map[string]bool{}
	for _, r := range rules() {
		on[r.Name] = true
	}
	for _, s := range list {
		to := !strings.HasPrefix(s, "-")
		name := strings.TrimLeft(s, "+-")
		for _, r := range rules() {
			if name == r.Name || name == "all" {
				on[r.Name] = to
			}
		}
	}
	return on
}

// optimize applies all rules that are on.
func (b *builder) optimize(p *Plan) {
}

// Mutants lists the ways in which Config.Mutant makes the planner wrong.
func Mutants() []string { return nil }
