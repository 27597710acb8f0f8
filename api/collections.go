package api

import (
	"context"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// CollectionRequest is what a collection is made of. Zero Type and Model mean
// documents.
type CollectionRequest struct {
	Name        string
	Type        uint8 // 2 documents, 3 edges
	Model       string
	Local       bool
	System      bool
	WaitForSync bool
	AllowAsync  bool
	Stream      bool
	Expires     bool
	KeyOptions  value.Value
	CRDT        value.Value // {PATH: {"type": ...}}, null for none
	TimeSeries  value.Value // {"series": [...], "time": ..., "values": [...], ...}, null for none
}

// CollectionInfo describes a collection.
type CollectionInfo struct {
	CollectionRequest
	ID       string
	Metadata value.Value
	Indexes  []IndexInfo
}

const (
	extraKeyOptions = "keyOptions"
	extraMetadata   = "metadata"
)

// checkName accepts the names of fabrics and collections: a letter (or, for
// system ones, _), then letters, digits, _ and -, at most 64 bytes.
func checkName(what, name string, system bool) error {
	if name == "" || len(name) > 64 {
		return Fail(BadName, "a %s has 1 to 64 bytes, not %d", what, len(name))
	}
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i == 0 && c == '_' && system:
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '-'):
		case i == 0 && c == '_':
			return Fail(BadName, "%s %s: names with _ in front are of the system (isSystem)", what, quote(name))
		default:
			return Fail(BadName, "%s %s", what, quote(name))
		}
	}
	return nil
}

// spec checks a request and makes the fabric's of it.
func (r *CollectionRequest) spec() (fabric.CollectionSpec, error) {
	if r.Type == 0 {
		r.Type = uint8(fabric.DocumentCollection)
	}
	if r.Model == "" {
		r.Model = ModelDoc
	}
	out := fabric.CollectionSpec{Name: r.Name, Type: fabric.CollectionType(r.Type), Model: r.Model, Local: r.Local, System: r.System,
		WaitForSync: r.WaitForSync, AllowAsync: r.AllowAsync, Stream: r.Stream, Expires: r.Expires}
	if err := checkName("collection", r.Name, r.System); err != nil {
		return out, err
	}
	if out.Type != fabric.DocumentCollection && out.Type != fabric.EdgeCollection {
		return out, Fail(BadParameter, "type %d: want 2 for documents or 3 for edges", r.Type)
	}
	if !r.TimeSeries.IsNull() {
		var err error
		if out.Series, err = fabric.ParseSeries(r.TimeSeries); err != nil {
			return out, AsError(err)
		}
	}
	if r.KeyOptions.Kind() != value.KindNull {
		if r.KeyOptions.Kind() != value.KindObject {
			return out, Fail(BadParameter, "keyOptions is %s, want an object", r.KeyOptions.Kind())
		}
		if t, ok := r.KeyOptions.Get("type"); ok && t.Str() != "traditional" {
			return out, Fail(BadParameter, "keyOptions.type: only traditional keys can be made at many locations at once")
		}
		out.Extra = map[string]string{extraKeyOptions: string(value.AppendJSON(nil, r.KeyOptions))}
	}
	return out, nil
}

func infoOf(c *fabric.Collection) CollectionInfo {
	out := CollectionInfo{ID: c.ID()}
	out.CollectionRequest = CollectionRequest{Name: c.Name, Type: uint8(c.Type), Model: c.Model, Local: c.Local, System: c.System,
		WaitForSync: c.WaitForSync, AllowAsync: c.AllowAsync, Stream: c.Stream, Expires: c.Expires, CRDT: c.CRDT.Value(), TimeSeries: declared(c)}
	if out.Model == "" {
		out.Model = ModelDoc
	}
	out.KeyOptions = value.Object(value.Member{Name: "allowUserKeys", Value: value.Bool(true)}, value.Member{Name: "type", Value: value.String("traditional")})
	if text, ok := c.Extra[extraKeyOptions]; ok {
		if v, err := value.Parse([]byte(text), value.DefaultLimits); err == nil {
			out.KeyOptions = v
		}
	}
	out.Metadata = value.Object()
	if text, ok := c.Extra[extraMetadata]; ok {
		if v, err := value.Parse([]byte(text), value.DefaultLimits); err == nil {
			out.Metadata = v
		}
	}
	out.Indexes = indexesOf(c)
	return out
}

// CreateCollection makes a collection.
func (s *Service) CreateCollection(ctx context.Context, c *Call, r CollectionRequest) (CollectionInfo, error) {
	if hidden(r.Name) {
		return CollectionInfo{}, Fail(CollectionExists, "%s", quote(r.Name))
	}
	spec, err := r.spec()
	if err != nil {
		return CollectionInfo{}, err
	}
	declared, err := declarations(r.CRDT)
	if err != nil {
		return CollectionInfo{}, err
	}
	if _, err := c.Fabric.CreateCollection(ctx, spec, declared); err != nil {
		return CollectionInfo{}, AsError(err)
	}
	return s.Collection(ctx, c, r.Name)
}

// Collection describes one collection.
func (s *Service) Collection(ctx context.Context, c *Call, name string) (CollectionInfo, error) {
	if err := c.open(name); err != nil {
		return CollectionInfo{}, err
	}
	v := c.Fabric.View()
	defer shut(v)
	got, ok := v.Collection(name)
	if !ok {
		return CollectionInfo{}, Fail(CollectionNotFound, "%s", quote(name))
	}
	return infoOf(got), c.settle(ctx, v)
}

// Collections lists the collections by name; those of the system on request.
func (s *Service) Collections(ctx context.Context, c *Call, system bool) ([]CollectionInfo, error) {
	v := c.Fabric.View()
	defer shut(v)
	var out []CollectionInfo
	all := v.Collections()
	for i := range all {
		got := &all[i]
		if hidden(got.Name) || !system && (got.System || strings.HasPrefix(got.Name, "_")) {
			continue
		}
		out = append(out, infoOf(got))
	}
	return out, c.settle(ctx, v)
}

// Count counts the documents of a collection, exactly.
func (s *Service) Count(ctx context.Context, c *Call, name string) (CollectionInfo, int64, error) {
	if err := c.open(name); err != nil {
		return CollectionInfo{}, 0, err
	}
	if c.joined != nil {
		return s.countJoined(ctx, c, name)
	}
	v := c.Fabric.View()
	defer shut(v)
	got, ok := v.Collection(name)
	if !ok {
		return CollectionInfo{}, 0, Fail(CollectionNotFound, "%s", quote(name))
	}
	n, err := v.Count(name)
	if err != nil {
		return CollectionInfo{}, 0, AsError(err)
	}
	return infoOf(got), n, c.settle(ctx, v)
}

// DropCollection removes a collection with everything in it.
func (s *Service) DropCollection(ctx context.Context, c *Call, name string) (CollectionInfo, error) {
	info, err := s.Collection(ctx, c, name)
	if err != nil {
		return info, err
	}
	return info, s.after(c, c.Fabric.SchemaUpdate(ctx, fabric.DropCollection(name)))
}

// Truncate removes all documents of a collection in one entry.
func (s *Service) Truncate(ctx context.Context, c *Call, name string) (CollectionInfo, error) {
	info, err := s.Collection(ctx, c, name)
	if err != nil {
		return info, err
	}
	if c.joined != nil {
		return info, c.joined.truncate(name)
	}
	return info, s.after(c, c.Fabric.Truncate(ctx, name))
}

// after ends a verb that changed something but has no receipt.
func (s *Service) after(c *Call, err error) error {
	if err != nil {
		return AsError(err)
	}
	c.saw(c.Fabric.Seen())
	return nil
}

// PropertiesChange sets what is not nil. CRDT adds declarations; those that
// are there already may be repeated.
type PropertiesChange struct {
	WaitForSync, Stream *bool
	Metadata            *value.Value
	CRDT                value.Value
	TimeSeries          value.Value // may be repeated as it is
}

// SetProperties changes a collection.
func (s *Service) SetProperties(ctx context.Context, c *Call, name string, p PropertiesChange) (CollectionInfo, error) {
	if err := c.open(name); err != nil {
		return CollectionInfo{}, err
	}
	v := c.Fabric.View()
	got, ok := v.Collection(name)
	shut(v)
	if !ok {
		return CollectionInfo{}, Fail(CollectionNotFound, "%s", quote(name))
	}
	if err := sameSeries(got, p.TimeSeries); err != nil {
		return CollectionInfo{}, err
	}
	change := fabric.Properties{WaitForSync: p.WaitForSync, Stream: p.Stream}
	if p.Metadata != nil {
		change.Extra = map[string]string{extraMetadata: string(value.AppendJSON(nil, *p.Metadata))}
	}
	var err error
	if change.CRDT, err = newDeclarations(got, p.CRDT); err != nil {
		return CollectionInfo{}, err
	}
	if err := c.Fabric.SchemaUpdate(ctx, fabric.SetProperties(name, change)); err != nil {
		return CollectionInfo{}, AsError(err)
	}
	return s.Collection(ctx, c, name)
}

// declarations takes {PATH: declaration} apart.
func declarations(v value.Value) (map[string]value.Value, error) {
	if v.Len() == 0 {
		return nil, nil
	}
	out := make(map[string]value.Value, v.Len())
	for _, m := range v.Members() {
		path, err := value.ParsePath(m.Name)
		if err != nil {
			return nil, Wrap(BadParameter, err)
		}
		if _, twice := out[path.String()]; twice {
			return nil, Fail(BadParameter, "crdt: %s is declared twice", quote(path.String()))
		}
		out[path.String()] = m.Value
	}
	return out, nil
}

// newDeclarations gives what is asked for besides the present, and refuses
// changes and removals.
func newDeclarations(c *fabric.Collection, asked value.Value) (map[string]value.Value, error) {
	all, err := declarations(asked)
	if err != nil {
		return nil, err
	}
	present, err := declarations(c.CRDT.Value())
	if err != nil {
		return nil, err
	}
	for path, d := range all {
		old, there := present[path]
		switch {
		case d.IsNull():
			return nil, Fail(CRDTUnchangeable, "%s cannot be removed", quote(path))
		case there && !value.Equal(old, d):
			return nil, Fail(CRDTUnchangeable, "%s is declared as %s", quote(path), old)
		case there:
			delete(all, path)
		}
	}
	return all, nil
}

// Rename is refused: names are the identity that travels.
func (s *Service) Rename(ctx context.Context, c *Call, name string) error {
	if _, err := s.Collection(ctx, c, name); err != nil {
		return err
	}
	return Fail(RenameRefused, "%s", quote(name))
}
