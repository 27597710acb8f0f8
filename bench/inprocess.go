package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// benchDocuments and benchPairs are the collections of the workloads.
const (
	benchDocuments = "places"
	benchPairs     = "pairs"
)

// insertInProcess inserts documents with generated keys.
func insertInProcess(o Options) (r Result, err error) {
	r.Name = "insert"
	l, err := startLocation(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := collection(l.service, benchDocuments, true); err != nil {
		return r, err
	}
	ctx := context.Background()
	done, err := closedLoop(o, &r, func(i int64) error {
		var buf [documentBytes + 8]byte
		return insert(ctx, l.service, benchDocuments, document(buf[:0], spread(i)))
	})
	if err != nil {
		return r, err
	}
	return r, l.finish(o, &r, benchDocuments, done)
}

// finish notes what all write workloads tell, and ends hard when asked.
func (l *location) finish(o Options, r *Result, name string, done int64) error {
	r.set("acknowledged", float64(done))
	r.set("writers", float64(o.Writers))
	r.note("durability", "each acknowledged write is in a log that was fsynced before; group commit")
	r.note("file_system", fileSystem(l.dir))
	n, err := l.count(name)
	if err != nil {
		return err
	}
	r.set("counted", float64(n))
	if o.Kill {
		o.Say(*r)
		dieIf(true)
	}
	return nil
}

func (l *location) count(name string) (int64, error) {
	c, err := begin(l.service)
	if err != nil {
		return 0, err
	}
	_, n, err := l.service.Count(context.Background(), c, name)
	return n, err
}

// countDocuments restarts on a folder and counts by reading every document.
func countDocuments(o Options) (r Result, err error) {
	r.Name = "count"
	if o.Dir == "" {
		return r, errors.New("count needs the data folder of an earlier run")
	}
	l, err := startLocation(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	c, err := begin(l.service)
	if err != nil {
		return r, err
	}
	for _, name := range []string{benchDocuments, benchPairs} {
		if _, ok := c.Fabric.Collection(name); !ok {
			continue
		}
		stored, err := l.count(name)
		if err != nil {
			return r, err
		}
		v, read := c.Fabric.View(), 0
		_, err = v.Scan(name, "", 0, false)
		if err == nil {
			err = v.Each(name, "", false, func(api.Document) bool { read++; return true })
		}
		if err = errors.Join(err, v.Close()); err != nil {
			return r, err
		}
		r.set(name, float64(read))
		if int64(read) != stored {
			return r, fmt.Errorf("collection %s: %d documents are there, its count says %d", name, read, stored)
		}
	}
	return r, nil
}

// valueRound is how many bytes of a value tell the round in which it was set.
const valueRound = 8

// setInProcess sets values of 100 bytes under keys of a million.
func setInProcess(o Options) (r Result, err error) {
	r.Name = "kv-set"
	l, err := startLocation(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	c, err := begin(l.service)
	if err != nil {
		return r, err
	}
	ctx := context.Background()
	if err := l.service.KVCreate(ctx, c, benchPairs, false, api.CollectionRequest{}); err != nil {
		return r, err
	}
	text := string(document(nil, 0)[documentBytes-102+valueRound : documentBytes-2])
	done, err := closedLoop(o, &r, func(i int64) error {
		var c api.Call
		if err := l.service.Begin(ctx, &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
			return err
		}
		pair := value.Object(value.Member{Name: "_key", Value: value.String(fmt.Sprintf("key:%012d", spread(i)))},
			value.Member{Name: "value", Value: value.String(fmt.Sprintf("%0*d", valueRound, i/keySpace) + text)}) // setting what is there already would cost nothing
		items, err := l.service.KVSet(ctx, &c, benchPairs, []value.Value{pair}, api.SyncDefault)
		if err == nil && items[0].Err != nil {
			err = items[0].Err
		}
		return err
	})
	if err != nil {
		return r, err
	}
	return r, l.finish(o, &r, benchPairs, min(done, keySpace))
}

// readInProcess reads documents by key, all of which are in memory.
func readInProcess(o Options) (r Result, err error) {
	r.Name = "read"
	l, err := startFilled(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	keys := make([]string, o.Documents)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i)
	}
	ctx := context.Background()
	_, err = closedLoop(o, &r, func(i int64) error {
		var c api.Call
		if err := l.service.Begin(ctx, &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
			return err
		}
		d, err := l.service.Read(ctx, &c, benchDocuments, keys[int(spread(i))%len(keys)])
		if err != nil {
			return err
		}
		var buf [1024]byte
		if len(d.AppendServed(buf[:0])) < documentBytes {
			return fmt.Errorf("document %s is too short", d.Key)
		}
		return nil
	})
	r.set("documents", float64(o.Documents))
	r.set("readers", float64(o.Writers))
	return r, err
}
