package node

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/store/kv"
)

// registration is what a location's store says of a fabric that lives there, under the key 'n' 'f' ID.
type registration struct {
	ID     string       `json:"id"`
	Tenant string       `json:"tenant"`
	Name   string       `json:"name"`
	Number uint32       `json:"number"` // in store keys
	Self   clock.Origin `json:"self"`   // who this location is in the fabric
	Join   stampRecord  `json:"join"`   // of the entry by which it joined; zero for the first member
	Nonce  string       `json:"nonce"`  // of a join that is asked for and not answered yet
	// Joining says that the fabric's data was never here whole.
	Joining bool `json:"joining"`
	// Replaces is an earlier incarnation of this location, to be evicted when it joins again.
	Replaces clock.Origin `json:"replaces"`
	// Peers are the locations to join again through, beside those of the configuration.
	Peers []mesh.Peer `json:"peers,omitempty"`
	// Restored says that the data came from a backup, so that it needs a new incarnation.
	Restored bool `json:"restored"`
	// Alone says that a restored location goes on without the others, which are gone for good.
	Alone bool `json:"alone"`
}

// stampRecord is a stamp as the registry keeps it.
type stampRecord struct {
	Time   clock.Time   `json:"time,string"`
	Origin clock.Origin `json:"origin"`
}

func (s stampRecord) stamp() clock.Stamp { return clock.Stamp{Time: s.Time, Origin: s.Origin} }

// identityRecord says whose data the store holds, under the key 'n' 'l'.
type identityRecord struct {
	Location string `json:"location"`
	Tenant   string `json:"tenant"`        // of the planet's root
	Key      string `json:"key,omitempty"` // where earlier versions kept the root API key of a dev planet
}

// registry is the part of the store that belongs to the location and to no fabric.
type registry struct{ db kv.DB }

var (
	identityKey = []byte("nl")
	numberKey   = []byte("nn")
	droppedKeys = []byte("nd")
	fabricSpace = []byte("nf")
	fabricEnd   = []byte("ng")
)

func (r registry) put(key []byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	batch := r.db.NewBatch()
	batch.Set(key, data)
	return r.apply(batch)
}

func (r registry) apply(batch kv.Batch) error {
	pending, err := r.db.Apply(batch)
	if err != nil {
		return err
	}
	return pending.Wait()
}

func (r registry) identity() (identityRecord, bool, error) {
	var out identityRecord
	data, found, err := r.db.Get(identityKey)
	if err != nil || !found {
		return out, false, err
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, false, fmt.Errorf("identity record: %w: %w", kv.ErrCorrupt, err)
	}
	return out, true, nil
}

func (r registry) setIdentity(i identityRecord) error { return r.put(identityKey, i) }

// fabrics lists what is registered, in order of id.
func (r registry) fabrics() ([]registration, error) {
	it, err := r.db.Scan(fabricSpace, fabricEnd)
	if err != nil {
		return nil, err
	}
	var out []registration
	for it.Next() {
		var g registration
		if err := json.Unmarshal(it.Value(), &g); err != nil {
			_ = it.Close()
			return nil, fmt.Errorf("registration %s: %w: %w", it.Key(), kv.ErrCorrupt, err)
		}
		out = append(out, g)
	}
	return out, it.Close()
}

func (r registry) set(g registration) error {
	return r.put(append(append([]byte(nil), fabricSpace...), g.ID...), g)
}

func (r registry) remove(id string) error {
	batch := r.db.NewBatch()
	batch.Delete(append(append([]byte(nil), fabricSpace...), id...))
	return r.apply(batch)
}

// drop notes for good that a fabric was dropped here. It takes some 25 bytes.
func (r registry) drop(id string) error {
	batch := r.db.NewBatch()
	batch.Set(append(append([]byte(nil), droppedKeys...), id...), nil)
	return r.apply(batch)
}

// dropped tells whether a fabric was dropped here.
func (r registry) dropped(id string) (bool, error) {
	_, found, err := r.db.Get(append(append([]byte(nil), droppedKeys...), id...))
	return found, err
}

// nextNumber gives a fabric number that was never used in this store.
func (r registry) nextNumber() (uint32, error) {
	data, _, err := r.db.Get(numberKey)
	if err != nil {
		return 0, err
	}
	next := uint32(1)
	if len(data) == 4 {
		next = binary.BigEndian.Uint32(data) + 1
	}
	batch := r.db.NewBatch()
	batch.Set(numberKey, binary.BigEndian.AppendUint32(nil, next))
	return next, r.apply(batch)
}
