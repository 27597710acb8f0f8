package kvtest

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/store/kv"
)

// Differential runs random operations on two stores; open makes a new pair for
// each run and a function that closes them.
func Differential(t *testing.T, open func(t *rapid.T) (a, b kv.DB, done func())) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, done := open(t)
		defer done()
		p := &pair{a: a, b: b}
		defer p.close()
		t.Repeat(map[string]func(*rapid.T){
			"apply": p.apply,
			"move":  p.move,
			"scan":  p.scan,
			"snap":  p.snap,
			"":      p.compare,
		})
	})
}

type pair struct {
	a, b   kv.DB
	sa, sb kv.Snapshot
	ia, ib kv.Iterator
}

var keys = rapid.SliceOfN(rapid.SampledFrom([]byte("abc\x00\xff")), 1, 3)

var bounds = rapid.OneOf(keys, rapid.Just[[]byte](nil))

func (p *pair) apply(t *rapid.T) {
	x, y := p.a.NewBatch(), p.b.NewBatch()
	for range rapid.IntRange(0, 6).Draw(t, "operations") {
		k := keys.Draw(t, "key")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			x.Delete(k)
			y.Delete(k)
		case 1:
			u := keys.Draw(t, "upper")
			x.DeleteRange(k, u)
			y.DeleteRange(k, u)
		default:
			v := rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "value")
			x.Set(k, v)
			y.Set(k, v)
		}
	}
	for _, s := range []struct {
		db kv.DB
		b  kv.Batch
	}{{p.a, x}, {p.b, y}} {
		pending, err := s.db.Apply(s.b)
		if err == nil {
			err = pending.Wait()
		}
		if err != nil {
			t.Fatalf("apply: %v", err)
		}
	}
}

func (p *pair) readers() (kv.Reader, kv.Reader) {
	if p.sa != nil {
		return p.sa, p.sb
	}
	return p.a, p.b
}

func (p *pair) scan(t *rapid.T) {
	p.closeIterators()
	lower, upper := bounds.Draw(t, "lower"), bounds.Draw(t, "upper")
	ra, rb := p.readers()
	var errs [2]error
	p.ia, errs[0] = ra.Scan(lower, upper)
	p.ib, errs[1] = rb.Scan(lower, upper)
	if errs[0] != nil || errs[1] != nil {
		t.Fatalf("scan: %v", errs)
	}
}

func (p *pair) move(t *rapid.T) {
	if p.ia == nil {
		p.scan(t)
	}
	key := keys.Draw(t, "seek")
	name := rapid.SampledFrom([]string{"next", "next", "prev", "prev", "seek", "last"}).Draw(t, "movement")
	step := func(it kv.Iterator) bool {
		switch name {
		case "next":
			return it.Next()
		case "prev":
			return it.Prev()
		case "seek":
			return it.SeekGE(key)
		default:
			return it.Last()
		}
	}
	x, y := step(p.ia), step(p.ib)
	if x != y || !bytes.Equal(p.ia.Key(), p.ib.Key()) || !bytes.Equal(p.ia.Value(), p.ib.Value()) {
		t.Fatalf("%s: %v %q=%q and %v %q=%q", name,
			x, p.ia.Key(), p.ia.Value(), y, p.ib.Key(), p.ib.Value())
	}
	if p.ia.Err() != nil || p.ib.Err() != nil {
		t.Fatalf("%s: %v and %v", name, p.ia.Err(), p.ib.Err())
	}
}

// snap takes a snapshot, or gives it up.
func (p *pair) snap(*rapid.T) {
	p.closeIterators()
	if p.sa == nil {
		p.sa, p.sb = p.a.Snapshot(), p.b.Snapshot()
		return
	}
	_ = p.sa.Close()
	_ = p.sb.Close()
	p.sa, p.sb = nil, nil
}

// compare demands equal content, forwards, backwards and by point reads.
func (p *pair) compare(t *rapid.T) {
	x, y := contents(t, p.a), contents(t, p.b)
	if x != y {
		t.Fatalf("contents differ:\n%s\n%s", x, y)
	}
}

func contents(t *rapid.T, r kv.Reader) string {
	it, err := r.Scan(nil, nil)
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	defer it.Close()
	var out bytes.Buffer
	n := 0
	for ; it.Next(); n++ {
		v, found, err := r.Get(it.Key())
		if err != nil || !found || !bytes.Equal(v, it.Value()) {
			t.Fatalf("get %q: %q %v %v, the iterator says %q", it.Key(), v, found, err, it.Value())
		}
		fmt.Fprintf(&out, "%q=%q ", it.Key(), v)
	}
	for it.Prev() {
		n--
	}
	if n != 0 {
		t.Fatalf("backwards there are %d fewer keys than forwards", n)
	}
	return out.String()
}

func (p *pair) closeIterators() {
	if p.ia != nil {
		_ = p.ia.Close()
		_ = p.ib.Close()
		p.ia, p.ib = nil, nil
	}
}

func (p *pair) close() {
	p.closeIterators()
	if p.sa != nil {
		_ = p.sa.Close()
		_ = p.sb.Close()
	}
}
