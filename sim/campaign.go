package sim

import (
	"cmp"
	"encoding/binary"
	"reflect"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Campaign sums up runs of many seeds under one configuration. It is used by one goroutine at a time.
type Campaign struct {
	Counters Counters
	Failed   []Result // with a violation, by seed
	hashes   map[uint64]uint64
}

// Add takes one run in. The order of runs does not matter.
func (c *Campaign) Add(r Result) {
	if c.hashes == nil {
		c.hashes = map[uint64]uint64{}
	}
	c.hashes[r.Seed] = r.Hash
	to, from := reflect.ValueOf(&c.Counters).Elem(), reflect.ValueOf(r.Counters)
	for g := range to.NumField() {
		for i := range to.Field(g).NumField() {
			f := to.Field(g).Field(i)
			f.SetUint(f.Uint() + from.Field(g).Field(i).Uint())
		}
	}
	if r.Count > 0 {
		at, _ := slices.BinarySearchFunc(c.Failed, r.Seed, func(f Result, seed uint64) int { return cmp.Compare(f.Seed, seed) })
		c.Failed = slices.Insert(c.Failed, at, r)
	}
}

// Missing lists what should have happened in one of the runs and did not.
func (c *Campaign) Missing(cfg Config) []string {
	if err := cfg.check(); err != nil {
		return nil
	}
	return c.Counters.missing(&cfg)
}

// Hash is over the hashes of all runs, by seed.
func (c *Campaign) Hash() uint64 {
	seeds := make([]uint64, 0, len(c.hashes))
	for seed := range c.hashes {
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	var text []byte
	for _, seed := range seeds {
		text = binary.BigEndian.AppendUint64(text, c.hashes[seed])
	}
	return xxhash.Sum64(text)
}
