package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// rootKey is the API key of every location started here.
const rootKey = "demo.root.secret"

// location is one that runs in this process, with what a caller needs.
type location struct {
	node    *node.Node
	service *api.Service
	own     string // folder to be removed at the end
	dir     string
}

// startLocation starts a location of its own on the folder of the options.
func startLocation(o Options) (*location, error) { return startCached(o, 0) }

// startCached starts one with so much memory for what was read, 0 for the default.
func startCached(o Options, cache int64) (*location, error) {
	dir, own, err := folder(o.Dir)
	if err != nil {
		return nil, err
	}
	cfg := node.DefaultConfig()
	cfg.Location = node.LocationConfig{Name: "fra", Latitude: 50.11, Longitude: 8.68, City: "Frankfurt", Country: "DE"}
	cfg.Data, cfg.RootKey, cfg.RootPassword = dir, rootKey, "bench"
	cfg.HTTP.Listen, cfg.Mesh.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Mesh.Create, cfg.Mesh.Key = true, meshKey
	if cache > 0 {
		cfg.Limits.Cache = cache
	}
	n, err := node.Start(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	return &location{node: n, service: n.Service(), own: own, dir: dir}, nil
}

// startFilled starts a location with documents in it.
func startFilled(o Options) (*location, error) {
	l, err := startLocation(o)
	if err != nil {
		return nil, err
	}
	if err = collection(l.service, benchDocuments, true); err == nil {
		err = fill(l.service, benchDocuments, o.Documents)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// folder gives the data folder, or a new one that is to be removed.
func folder(dir string) (path, own string, err error) {
	if dir != "" {
		return dir, "", os.MkdirAll(dir, 0o755)
	}
	own, err = os.MkdirTemp(".", "bench-data-")
	if err == nil {
		own, err = filepath.Abs(own)
	}
	return own, own, err
}

func (l *location) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := l.node.Close(ctx)
	if l.own != "" {
		err = errors.Join(err, os.RemoveAll(l.own))
	}
	return err
}

// begin starts a request with the root key, as a gateway does.
func begin(s *api.Service) (*api.Call, error) {
	var c api.Call
	err := s.Begin(context.Background(), &c, &api.Envelope{Authorization: "apikey " + rootKey})
	return &c, err
}

// collection makes a collection with a persistent index on city, unless it is there.
func collection(s *api.Service, name string, indexed bool) error {
	c, err := begin(s)
	if err != nil {
		return err
	}
	if _, err := s.Collection(context.Background(), c, name); err == nil {
		return nil
	}
	if _, err := s.CreateCollection(context.Background(), c, api.CollectionRequest{Name: name}); err != nil {
		return err
	}
	if !indexed {
		return nil
	}
	_, err = s.CreateIndex(context.Background(), c, name, api.IndexRequest{Name: "city", Type: "persistent", Fields: []string{"city"}})
	return err
}

// keySpace is how many different keys the workloads with keys use.
const keySpace = 1_000_000

// spread turns a counter into a key number that jumps about the key space: the multiplier has no factor in common
// with the size, so that each number comes once in a round.
func spread(i int64) int64 { return i * 618_033_989 % keySpace }

// document is a JSON document of 600 bytes with a city of 1,000, as a client would send it.
func document(dst []byte, i int64) []byte {
	dst = fmt.Appendf(dst, `{"name":"Place %09d","city":"city-%03d","country":"Selvedgia","lat":%.6f,"lon":%.6f,"tags":["alpha","beta","gamma"],"visits":%d,"text":"`,
		i, i%1000, float64(i%180_000)/1000-90, float64(i%360_000)/1000-180, i%10_000)
	for len(dst) < documentBytes-2 {
		dst = append(dst, "the selvedge is the self finished edge of a woven fabric "[len(dst)%57])
	}
	return append(dst, '"', '}')
}

const documentBytes = 600

// insert does what the HTTP gateway does for POST /document/C, without the wire.
func insert(ctx context.Context, s *api.Service, collection string, text []byte) error {
	var c api.Call
	if err := s.Begin(ctx, &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
		return err
	}
	doc, err := value.Parse(text, value.DefaultLimits)
	if err != nil {
		return err
	}
	o := api.DefaultWriteOptions()
	_, err = s.Write(ctx, &c, api.OpInsert, collection, "", doc, &o)
	return err
}

// fill writes documents k0, k1, ... with many at once in one call.
func fill(s *api.Service, name string, n int) error {
	const lot = 1000
	var text []byte
	for at := 0; at < n; at += lot {
		c, err := begin(s)
		if err != nil {
			return err
		}
		docs := make([]value.Value, 0, lot)
		for i := at; i < min(at+lot, n); i++ {
			text = document(text[:0], int64(i))
			doc, err := value.Parse(fmt.Appendf(nil, `{"_key":"k%d",%s`, i, text[1:]), value.DefaultLimits)
			if err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		o := api.DefaultWriteOptions()
		items, err := s.WriteMany(context.Background(), c, api.OpInsert, name, docs, &o)
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.Err != nil {
				return item.Err
			}
		}
	}
	return nil
}

// fileSystem names the file system of a folder.
func fileSystem(dir string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return "unknown"
	}
	switch uint32(s.Type) {
	case 0xEF53:
		return "ext4"
	case 0x01021994:
		return "tmpfs: not valid for durable figures"
	case 0x58465342:
		return "xfs"
	case 0x9123683E:
		return "btrfs"
	case 0x794c7630:
		return "overlay"
	}
	return fmt.Sprintf("type %#x", s.Type)
}

// dieIf ends the process without a chance to save anything, when asked.
func dieIf(kill bool) {
	if kill {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// short takes the temporary part out of a path.
func short(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
