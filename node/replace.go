package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
	"github.com/selvedge-db/selvedge/value"
)

// replace goes on with a fabric whose incarnation here must not go on: what only this location has is written to a
// file, then the location joins again as a new incarnation. It returns at once.
func (n *Node) replace(h *hosted, r replication.Rejected) {
	n.go_(func(ctx context.Context) {
		if err := n.replaceNow(ctx, h, r); err != nil && ctx.Err() == nil {
			n.log.Error("the location could not rejoin", "fabric", h.reg.ID, "error", err)
			h.fabric.RefuseWrites("rejected", fmt.Sprintf("this incarnation must not go on (%s), and rejoining failed; the log of this location says why", r.Text))
		}
	})
}

func (n *Node) replaceNow(ctx context.Context, h *hosted, r replication.Rejected) error {
	status := h.fabric.Status()
	if status.Self == status.Members.Anchor() && r.Reason != replication.Evicted {
		return fmt.Errorf("this location is the fabric's anchor: stop it, run the anchor takeover at another location, then start it again with an empty data folder")
	}
	if err := n.keepOwn(h, status.Stable.At(status.Self)); err != nil {
		return err
	}
	if h.reg.ID != systemID {
		if l, ok := n.listings()[h.reg.ID]; !ok || !l.Locations[n.cfg.Location.Name] {
			n.nudge() // the fabric is to leave: reconciling drops it
			return nil
		}
	}
	if r.Reason == replication.TwoLive {
		return fmt.Errorf("two processes run with the data of this incarnation: stop one of them, then restart the other")
	}
	reg := *h.registered.Load()
	reg.Self, reg.Join, reg.Replaces, reg.Joining = 0, stampRecord{}, reg.Self, true
	reg.Nonce, reg.Peers = fmt.Sprintf("%016x", n.env.Rand.Uint64()), n.peers()
	if err := n.registry.set(reg); err != nil {
		return err
	}
	if reg.ID == systemID && r.Reason == replication.Evicted {
		h.fabric.RefuseWrites("rejected", ErrEvicted.Error())
		n.isOut(h)
		return nil
	}
	h.fabric.RefuseWrites("joining", "this location joins the fabric again, as a new incarnation")
	h.runner().Close()
	if err := h.fabric.Reset(); err != nil {
		return err
	}
	reply, err := n.askToJoin(ctx, reg)
	if err != nil {
		return err
	}
	known, err := n.admitted(&reg, reply)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.registered.Store(&reg)
	h.told = map[string]bool{}
	for _, name := range known {
		h.known[name] = true
	}
	h.drive()
	h.mu.Unlock()
	h.introduce()
	return nil
}

// keepOwn salvages what others may not have. One that leaves in order has waited until they have all.
func (n *Node) keepOwn(h *hosted, after clock.Time) error {
	if h.leaving.Load() {
		return nil
	}
	file, count, err := n.salvage(h, after)
	if err != nil {
		return fmt.Errorf("salvage: %w", err)
	}
	if count > 0 {
		n.log.Warn("entries that others may not have were salvaged", "fabric", h.reg.ID, "entries", count, "file", file)
	}
	return nil
}

// salvagedEntry is one line of a salvage file.
type salvagedEntry struct {
	Stamp   string           `json:"stamp"`
	Changes []salvagedChange `json:"changes"`
}

type salvagedChange struct {
	Collection string          `json:"collection,omitempty"`
	Key        string          `json:"key,omitempty"`
	Kind       string          `json:"kind"`
	Path       string          `json:"path,omitempty"`
	Value      json.RawMessage `json:"value,omitempty"`
	Number     int64           `json:"number,omitempty"`
}

// salvage writes this location's own entries after a time to a file beside the store: JSON lines, with stamps.
func (n *Node) salvage(h *hosted, after clock.Time) (file string, count int, err error) {
	var out bytes.Buffer
	err = h.fabric.OwnLog(after, func(stamp clock.Stamp, changes []codec.Change) error {
		count++
		entry := salvagedEntry{Stamp: stamp.String(), Changes: salvagedChanges(changes, h.fabric.AppendPoints)}
		line, err := json.Marshal(entry)
		out.Write(append(line, '\n'))
		return err
	})
	if err != nil || count == 0 {
		return "", count, err
	}
	name := fmt.Sprintf("salvage-%s-%d.jsonl", strings.NewReplacer(":", "-", "/", "-").Replace(h.reg.ID), n.env.Clock.WallMs())
	file = n.shared.fs.PathJoin(n.cfg.Data, name)
	return file, count, disk.WriteAtomic(n.shared.fs, file, out.Bytes())
}

func salvagedChanges(changes []codec.Change, points func(dst []byte, ch codec.Change) []byte) []salvagedChange {
	out := []salvagedChange{}
	for _, ch := range changes {
		if ch.Kind == codec.Points {
			out = append(out, salvagedChange{Kind: ch.Kind.String(), Collection: ch.Collection, Value: points(nil, ch)})
			continue
		}
		if ch.Kind != codec.Document {
			out = append(out, salvagedChange{Kind: ch.Kind.String(), Collection: ch.Collection, Key: ch.Key})
			continue
		}
		for _, op := range ch.Ops {
			out = append(out, salvagedChange{Collection: ch.Collection, Key: ch.Key, Kind: op.Kind.String(), Path: op.Path.String(),
				Value: value.AppendJSON(nil, op.Value), Number: op.Number})
		}
	}
	return out
}

// Restore puts a backup in place of a data folder, which must be empty or absent. The location that then starts with
// it takes a new incarnation in every fabric: a disk that was set back must not commit under stamps that were used.
// alone says that the planet's other locations are gone for good: the location then goes on from the backup without
// them. Otherwise it joins the others again and takes their data.
func Restore(_ context.Context, backup, data string, alone bool) error {
	fs := disk.Real()
	if names, err := fs.List(data); err == nil && len(names) > 0 {
		return fmt.Errorf("data folder %s is not empty: a restore needs a new one", data)
	}
	names, err := fs.List(backup)
	if err != nil {
		return fmt.Errorf("backup %s: %w", backup, err)
	}
	if !slices.Contains(names, pebble.FormatFile) {
		return fmt.Errorf("%s is not a backup: it holds no %s", backup, pebble.FormatFile)
	}
	if err := fs.MkdirAll(data, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if err := copyFile(fs, filepath.Join(backup, name), filepath.Join(data, name)); err != nil {
			return fmt.Errorf("restoring %s: %w", name, err)
		}
	}
	if err := disk.SyncDir(fs, data); err != nil {
		return err
	}
	return markRestored(data, alone)
}

// markRestored notes in a data folder that every fabric in it needs a new incarnation.
func markRestored(data string, alone bool) error {
	db, err := pebble.Open(data, pebble.Options{})
	if err != nil {
		return err
	}
	r := registry{db}
	regs, err := r.fabrics()
	for i := 0; err == nil && i < len(regs); i++ {
		regs[i].Restored, regs[i].Alone = true, alone
		err = r.set(regs[i])
	}
	return errors.Join(err, db.Close())
}

// copyFile copies one file and makes the copy durable.
func copyFile(fs disk.FS, from, to string) error {
	in, err := fs.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := fs.Create(to, "selvedge-restore")
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// resumeRestored opens a fabric whose data came from a backup, as a new incarnation. Where others have the fabric it
// joins them again and takes their data, keeping its own until one has answered; the only member, or one that is told
// to go on alone, goes on from the backup under a new identity.
func (n *Node) resumeRestored(ctx context.Context, reg registration) error {
	core, err := fabric.OpenCore(n.db, fabric.Options{Number: reg.Number, Random: n.env.Rand.Uint64})
	if err != nil {
		return err
	}
	members := core.Members().Counted()
	if len(members) > 0 && (len(members) == 1 || reg.Alone) {
		return n.reincarnate(ctx, reg)
	}
	for _, m := range members {
		if m.Name != n.cfg.Location.Name {
			n.addPeers([]mesh.Peer{{Name: m.Name, Address: n.address(m.Name, m.Address)}})
		}
	}
	reg.Self, reg.Join, reg.Replaces, reg.Joining, reg.Restored = 0, stampRecord{}, reg.Self, true, false
	reg.Nonce = fmt.Sprintf("%016x", n.env.Rand.Uint64())
	n.log.Info("restored from a backup: joining the others again; when they are gone for good, restore with --alone", "fabric", reg.ID)
	reply, err := n.askToJoin(ctx, reg)
	if err != nil {
		return err
	}
	if err := n.registry.set(reg); err != nil {
		return err
	}
	if err := n.destroy(reg.Number); err != nil {
		return err
	}
	return n.joined(reg, reply)
}

func (n *Node) reincarnate(ctx context.Context, reg registration) error {
	f, err := fabric.Open(fabric.Config{Name: reg.Name, DB: n.db, Env: n.env, Options: fabric.Options{Number: reg.Number}})
	if err != nil {
		return err
	}
	fresh, join, err := f.Reincarnate(ctx, n.memberChange(member.Join, 0, ""))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("a new incarnation in %s: %w", reg.ID, err)
	}
	reg.Self, reg.Join, reg.Restored, reg.Alone = fresh, stampRecord{Time: join.Time, Origin: join.Origin}, false, false
	if err := n.registry.set(reg); err != nil {
		return err
	}
	_, err = n.host(reg, false, nil)
	return err
}
