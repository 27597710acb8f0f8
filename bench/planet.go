package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// planet is several locations in this process; the first one is where the workloads write.
type planet struct {
	services []*api.Service
	names    []string
	oneWay   map[string]float64 // ms from the first location, by name
	stop     []func(context.Context) error
	own      string
}

const meshKey = "bench-mesh-key-of-32-characters-or-so"

// startPlanet starts locations as `serve` does when there is no delay between them, else as `dev` does, which can
// emulate it.
func startPlanet(o Options) (p *planet, err error) {
	dir, own, err := folder(o.Dir)
	if err != nil {
		return nil, err
	}
	p = &planet{own: own, oneWay: map[string]float64{}}
	if o.WAN == "none" || o.WAN == "" {
		err = p.serve(o, dir)
	} else {
		err = p.dev(o, dir)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, collection(p.services[0], benchDocuments, true)
}

func (p *planet) serve(o Options, dir string) error {
	for i := range o.Locations {
		n, err := startMember(o, dir, i)
		if err != nil {
			return err
		}
		p.services, p.names = append(p.services, n.Service()), append(p.names, memberName(i))
		p.stop = append(p.stop, n.Close)
	}
	return nil
}

func memberName(i int) string { return fmt.Sprintf("loc%d", i) }

// startMember starts location i of a planet without emulated delay; the first one creates the planet.
func startMember(o Options, dir string, i int) (*node.Node, error) {
	cfg := node.DefaultConfig()
	cfg.Location = node.LocationConfig{Name: memberName(i), Latitude: float64(i), Longitude: float64(i)}
	cfg.Data = filepath.Join(dir, memberName(i))
	cfg.RootPassword = "bench"
	cfg.HTTP.Listen = "127.0.0.1:0"
	cfg.Mesh.Listen, cfg.Mesh.Key = fmt.Sprintf("127.0.0.1:%d", o.Port+i), meshKey
	if i == 0 {
		cfg.Mesh.Create, cfg.RootKey = true, rootKey
	} else {
		cfg.Mesh.Join = []string{fmt.Sprintf("127.0.0.1:%d", o.Port)}
	}
	return node.Start(context.Background(), cfg)
}

func (p *planet) dev(o Options, dir string) error {
	places, err := node.ParsePlaces(fmt.Sprint(o.Locations))
	if err != nil {
		return err
	}
	wan, err := node.ParseWAN(o.WAN)
	if err != nil {
		return err
	}
	d, err := node.StartDev(context.Background(), node.DevConfig{Places: places, Port: o.Port, APIKey: rootKey, Data: dir,
		WAN: wan, Limits: node.DefaultConfig().Limits})
	if err != nil {
		return err
	}
	p.stop = append(p.stop, d.Close)
	for _, n := range d.Nodes() {
		p.services = append(p.services, n.Service())
	}
	for _, place := range places {
		p.names = append(p.names, place.ID)
	}
	return p.measureLinks()
}

// measureLinks asks the first location how long its links are.
func (p *planet) measureLinks() error {
	c, err := begin(p.services[0])
	if err != nil {
		return err
	}
	state, err := p.services[0].MeshState(context.Background(), c)
	if err != nil {
		return err
	}
	for _, l := range state.Links {
		if l.From == p.names[0] {
			p.oneWay[l.To] = l.OneWayMs
		}
	}
	return nil
}

func (p *planet) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	failed := make([]error, len(p.stop)+1)
	var group sync.WaitGroup
	for i, stop := range p.stop {
		group.Go(func() { failed[i] = stop(ctx) })
	}
	group.Wait()
	if p.own != "" {
		failed[len(p.stop)] = os.RemoveAll(p.own)
	}
	return errors.Join(failed...)
}

// fabricOf is the system fabric of location i.
func (p *planet) fabricOf(i int) (*fabric.Fabric, error) {
	c, err := begin(p.services[i])
	if err != nil {
		return nil, err
	}
	return c.Fabric, nil
}

// wire measures the batches in which a location's log goes to others, before frames are compressed: each entry alone,
// which is the most that it can take, and many together.
func wire(o Options) (r Result, err error) {
	r.Name = "wire"
	p, err := startPlanet(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	f, err := p.fabricOf(0)
	if err != nil {
		return r, err
	}
	ctx := context.Background()
	if err := p.awaitCollection(ctx); err != nil {
		return r, err
	}
	const n = 300
	start := f.Seen().At(f.Core().Self())
	for i := range int64(n) { // others write too, so that there are dependencies to tell
		if err := insert(ctx, p.services[int(i)%len(p.services)], benchDocuments, document(nil, i)); err != nil {
			return r, err
		}
		if err := put(ctx, p.services[0], api.OpInsert, fmt.Sprintf("k%04d", i), document(nil, i)); err != nil {
			return r, err
		}
	}
	alone, together, entries, err := logBytes(f, start)
	if err != nil {
		return r, err
	}
	r.set("insert_bytes_alone", alone)
	r.set("insert_bytes_together", together)
	r.set("insert_ratio_alone", alone/documentBytes)
	r.set("insert_ratio_together", together/documentBytes)
	r.set("entries", float64(entries))
	start = f.Seen().At(f.Core().Self())
	patch := []byte(`{"visits":12345}`)
	for i := range n {
		time.Sleep(2 * time.Millisecond) // who is alone in a batch is alone in a millisecond
		if err := put(ctx, p.services[0], api.OpUpdate, fmt.Sprintf("k%04d", i), patch); err != nil {
			return r, err
		}
	}
	if alone, together, _, err = logBytes(f, start); err != nil {
		return r, err
	}
	told := float64(len("12345") + len("visits") + len(benchDocuments) + len("k0000"))
	r.set("update_bytes_alone", alone)
	r.set("update_bytes_together", together)
	r.set("update_alone_over_payload_and_names", alone-told)
	r.set("update_together_over_payload_and_names", together-told)
	r.note("update", "the payload is the value, the names are those of the collection, the document and the field")
	return r, nil
}

// put writes a document with a key.
func put(ctx context.Context, s *api.Service, op api.Op, key string, text []byte) error {
	c, err := begin(s)
	if err != nil {
		return err
	}
	doc, err := value.Parse(text, value.DefaultLimits)
	if err != nil {
		return err
	}
	o := api.DefaultWriteOptions()
	_, err = s.Write(ctx, c, op, benchDocuments, key, doc, &o)
	return err
}

// logBytes reads the own log after a time one entry at a time, then in one batch.
func logBytes(f *fabric.Fabric, after clock.Time) (alone, together float64, entries int, err error) {
	self, at := f.Core().Self(), after
	total := 0
	for {
		batch, last, err := f.ReadLog(self, at, 1)
		if err != nil {
			return 0, 0, 0, err
		}
		if len(batch) == 0 || last == at {
			break
		}
		total += len(batch)
		entries, at = entries+1, last
	}
	if entries == 0 {
		return 0, 0, 0, errors.New("the log holds no entries")
	}
	batch, last, err := f.ReadLog(self, after, 64<<20)
	if err == nil && last != at {
		err = fmt.Errorf("one batch ends at %s, the entries one by one at %s", last, at)
	}
	return float64(total) / float64(entries), float64(len(batch)) / float64(entries), entries, err
}

// awaitCollection waits until every location has the collection.
func (p *planet) awaitCollection(ctx context.Context) error {
	for i := range p.services {
		f, err := p.fabricOf(i)
		if err != nil {
			return err
		}
		for tries := 0; ; tries++ {
			if c, ok := f.Collection(benchDocuments); ok && len(c.Indexes) > 0 && c.Indexes[0].Ready {
				break
			}
			if tries > 3000 {
				return fmt.Errorf("location %s did not get the collection", p.names[i])
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}
