package sim

import "reflect"

// Counters count what happened. Each has to be above zero at the end of a run with all faults, but for those that
// are marked as rare; the others name the fault that they belong to, if any.
type Counters struct {
	Work
	Merging
	Reading
	Network
	Trouble
	Membership
}

// Work is what was written.
type Work struct {
	Steps       uint64 `json:"steps"`
	Commits     uint64 `json:"commits"`
	Acked       uint64 `json:"acked"`
	Refused     uint64 `json:"refused" sim:"rare"`     // writes that the rules do not allow
	Retries     uint64 `json:"retries"`                // after staleness
	LostCommits uint64 `json:"lostCommits" sim:"rare"` // sequenced, never acknowledged, gone in a crash
	Entries     uint64 `json:"entries"`                // applied at other locations
	Schema      uint64 `json:"schemaChanges"`
	Truncates   uint64 `json:"truncates" sim:"rare"`
	Interactive uint64 `json:"transactions"` // interactive ones
	Overtaken   uint64 `json:"overtaken"`    // interactive ones that were refused for what they had read
}

// Merging is what became of it.
type Merging struct {
	Conflicts uint64 `json:"conflicts"`
	Folds     uint64 `json:"folds"`
	Purges    uint64 `json:"purges"`
	Expired   uint64 `json:"expired" sim:"long"`
	LogReads  uint64 `json:"logReads" sim:"rare"` // for partly seen runs
	Trimmed   uint64 `json:"trimmed" sim:"rare"`
	// PointRounds is how often points were merged, settled, summed up or forgotten.
	PointRounds uint64 `json:"pointRounds"`
}

// Reading is what was read and judged.
type Reading struct {
	Reads   uint64 `json:"reads"`
	Waits   uint64 `json:"sessionWaits" sim:"rare"`
	Moves   uint64 `json:"sessionMoves"`
	Lookups uint64 `json:"lookups"`
	Indexed uint64 `json:"indexReads"` // indexes of which all entries were compared
	Digests uint64 `json:"digests"`
	// PointReads is how often all points were compared.
	PointReads uint64 `json:"pointReads"`
}

// Network is what happened between locations.
type Network struct {
	Sent       uint64 `json:"sent"`
	Lost       uint64 `json:"lost" sim:"loss"`
	Repeated   uint64 `json:"repeated" sim:"repeat"`
	Reordered  uint64 `json:"reordered" sim:"reorder"`
	Cuts       uint64 `json:"cuts" sim:"cut"`
	OneWayCuts uint64 `json:"oneWayCuts" sim:"rare"`
	Slow       uint64 `json:"slowLinks" sim:"slow"`
	Pulls      uint64 `json:"pulls"`
	Duplicates uint64 `json:"duplicates" sim:"repeat"` // batches that were there already
}

// Trouble is what happened to locations.
type Trouble struct {
	Crashes     uint64 `json:"crashes" sim:"crash"`
	AnchorDowns uint64 `json:"anchorCrashes" sim:"crash"`
	DiskFaults  uint64 `json:"diskFaults" sim:"disk"`
	ClockSteps  uint64 `json:"clockSteps" sim:"clock"`
	ClockStops  uint64 `json:"clockStops" sim:"rare"`  // writes refused by the clock's guard
	Restores    uint64 `json:"restores" sim:"restore"` // of an old disk
	Noticed     uint64 `json:"noticed" sim:"restore"`
	Alarms      uint64 `json:"alarms" sim:"rare"`
}

// Membership is who came and went.
type Membership struct {
	Joins     uint64 `json:"joins" sim:"join"`
	Evicts    uint64 `json:"evicts" sim:"evict"`
	Closed    uint64 `json:"closed" sim:"evict"`
	Snapshots uint64 `json:"snapshots" sim:"join"`
}

// longRun is the length of a run, in virtual microseconds, from which everything should have happened.
const longRun = 30_000_000

// missing lists the counters that are zero and should not be.
func (c Counters) missing(cfg *Config) []string {
	asked := map[string]bool{"": true}
	for _, name := range cfg.faults() {
		asked[name] = true
	}
	full := len(asked) == len(FaultNames())+1 && cfg.Duration.Microseconds() >= longRun
	asked["long"] = full
	if !full {
		asked = map[string]bool{}
	}
	var out []string
	groups := reflect.ValueOf(c)
	for g := range groups.NumField() {
		v := groups.Field(g)
		for i := range v.NumField() {
			if f := v.Type().Field(i); asked[f.Tag.Get("sim")] && v.Field(i).Uint() == 0 {
				out = append(out, f.Tag.Get("json"))
			}
		}
	}
	return out
}
