package sim

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// found makes the fabric at the first location, with its collections and members, and gives all the same start.
func (w *world) found() error {
	places := w.places(w.cfg.Locations + 1)
	for i := range w.cfg.Locations {
		w.addSite(fmt.Sprintf("l%02d", i), i, memory.New(memory.Options{Manual: true}))
		w.sites[i].place = places[i]
	}
	w.member.places = places
	first := w.sites[0]
	w.anchor = first
	first.self = 1
	f := founding{w: w, s: first}
	core, err := fabric.OpenCore(first.disk, first.options())
	if err != nil {
		return err
	}
	f.core = core
	f.group(func() error { core.Renew(); return nil })
	f.group(func() error {
		return f.member(member.Change{Kind: member.Create, Origin: 1, Fabric: fabricName, Name: first.name})
	})
	for _, c := range collections() {
		f.schema(fabric.CreateCollection(c, declared(c.Name)))
	}
	var existed fabric.Index
	for _, c := range collections() {
		for _, spec := range indexes()[c.Name] {
			f.schema(fabric.CreateIndex(c.Name, spec, &existed))
		}
	}
	for _, s := range w.sites[1:] {
		f.group(func() error {
			s.self = core.Members().NextOrigin()
			return f.member(member.Change{Kind: member.Join, Origin: s.self, Name: s.name})
		})
	}
	if f.err != nil {
		return f.err
	}
	return w.spread(first, core)
}

func collections() []fabric.CollectionSpec {
	out := []fabric.CollectionSpec{}
	for _, name := range []string{"docs", "plain", "ttl", "late", "pairs", "sessions", dutyName} {
		out = append(out, fabric.CollectionSpec{Name: name, Type: fabric.DocumentCollection})
	}
	return append(out, seriesSpec(), fabric.CollectionSpec{Name: "kv", Type: fabric.DocumentCollection, Model: "KV", Expires: true},
		fabric.CollectionSpec{Name: "edges", Type: fabric.EdgeCollection})
}

func declared(name string) map[string]value.Value {
	if name == "docs" {
		return declarations()
	}
	return nil
}

// founding is the making of the fabric, before anything can go wrong.
type founding struct {
	w    *world
	s    *site
	core *fabric.Core
	err  error
}

// group does something in a group of its own and makes it durable.
func (f *founding) group(work func() error) {
	if f.err != nil {
		return
	}
	f.core.Begin()
	if f.err = work(); f.err != nil {
		return
	}
	g, err := f.core.Seal(wallBase)
	if f.err = err; err == nil {
		f.err = f.s.disk.Sync()
	}
	if f.err == nil && g != nil {
		f.core.Durable(g)
	}
}

func (f *founding) member(change member.Change) error {
	body := codec.AppendChange(nil, codec.Change{Kind: codec.Member, Data: change.Append(nil)})
	var stamp clock.Stamp
	var err error
	if change.Kind == member.Create {
		if stamp, err = f.core.Create(change, wallBase); err != nil {
			// A clock gives nothing before its ceiling is durable; the location has its origin by now.
			f.core.Renew()
			return err
		}
	} else if stamp, err = f.core.AppendMember(change, wallBase); err != nil {
		return err
	}
	f.w.ledger.Commit(f.s.book(), stamp, body, nil)
	f.w.ledger.Acknowledged(f.s.book(), stamp)
	return nil
}

func (f *founding) schema(change fabric.SchemaChange) {
	f.group(func() error {
		p, err := f.core.PrepareSchema(change, wallBase)
		if err != nil {
			return err
		}
		stamp, err := f.core.Sequence(p, wallBase)
		if err == nil {
			f.w.ledger.Commit(f.s.book(), stamp, p.Body, p.Local)
			f.w.ledger.Acknowledged(f.s.book(), stamp)
		}
		return err
	})
}

// spread gives every location a copy of the first one's disk under its own name, and starts them.
func (w *world) spread(first *site, core *fabric.Core) error {
	v := core.NewView(wallBase)
	vector := v.Vector().Clone()
	_ = v.Close()
	for _, s := range w.sites[1:] {
		disk := first.disk.Clone()
		if err := identify(disk, s.self); err != nil {
			return err
		}
		s.disk = disk
		s.join = clock.Stamp{Time: vector.At(1), Origin: 1}
		w.ledger.Installed(s.book(), s.self, vector)
	}
	w.ledger.Durable(first.book(), vector)
	for _, s := range w.sites {
		if err := s.start(); err != nil {
			return err
		}
		w.makeLocal(s)
	}
	return nil
}

// identify writes who a disk belongs to.
func identify(disk *memory.DB, self clock.Origin) error {
	keys := layout.NewKeys(fabricNumber)
	var batch kv.Batch = disk.NewBatch()
	batch.Set(keys.State(layout.StateIdentity), layout.Number(nil, uint32(self)))
	if _, err := disk.Apply(batch); err != nil {
		return err
	}
	return disk.Sync()
}

func (w *world) addSite(name string, index int, disk *memory.DB) *site {
	s := &site{w: w, index: index, name: name, rng: w.rng.split(), disk: disk, wake: -1}
	s.timing.offset = s.rng.between(-200, 200)
	s.timing.good = s.timing.offset
	w.sites = append(w.sites, s)
	return s
}

// makeLocal gives a location its local collection.
func (w *world) makeLocal(s *site) {
	s.later(300_000, func() {
		s.submitSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "local", Type: fabric.DocumentCollection, Local: true}, nil))
	})
}
