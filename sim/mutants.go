package sim

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/replication"
)

// Mutant is a mistake that the simulator must catch.
type Mutant struct {
	Name string
	Doc  string
}

// Mutants lists the mistakes that can be made.
func Mutants() []Mutant {
	return []Mutant{
		{"no-fsync", "a batch counts as durable when it was handed to the disk"},
	}
}

func (w *world) tamper(s *site, msg replication.Message) replication.Message { return msg }
func (w *world) tamperStable(s *site, v clock.Vector) clock.Vector           { return v }
func (w *world) tamperEntries(s *site, e []codec.Entry) []codec.Entry        { return e }
func (w *world) tamperCommit(s *site, p *fabric.Prepared)                    {}
func (w *world) tamperFounded()                                              {}
func (w *world) tamperJoined(s *site)                                        {}
func (s *site) forgetClock()                                                 {}
func (w *world) tamperProgress(s *site, p replication.Progress) replication.Progress {
	return p
}
