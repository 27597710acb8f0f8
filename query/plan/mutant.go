package plan

// Mutants lists the ways in which Config.Mutant makes the planner wrong.
func Mutants() []string { return nil }
