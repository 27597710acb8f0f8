package node

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// devPlacesFile keeps the names of a dev planet's locations, one a line, in the order of their ports.
const devPlacesFile = "dev-locations"

const maxPlacesFile = 64 << 10

// devLocations is how many locations a new planet has.
const devLocations = "10"

// DevPlaces are the locations of a dev planet: those given, as ParsePlaces reads them; without any those of the planet in
// the data folder, in the order of their ports; without that the first ten.
func DevPlaces(given, data string) ([]mesh.Place, error) {
	if given != "" {
		return ParsePlaces(given)
	}
	if data != "" {
		names, err := recallNames(disk.Real(), data)
		if err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
		if len(names) > 0 {
			return ParsePlaces(strings.Join(names, ","))
		}
	}
	return ParsePlaces(devLocations)
}

func recallNames(fs disk.FS, data string) ([]string, error) {
	file := fs.PathJoin(data, devPlacesFile)
	there, err := disk.Exists(fs, file)
	if err != nil {
		return nil, err
	}
	if !there {
		return foundNames(fs, data)
	}
	text, err := disk.ReadFile(fs, file, maxPlacesFile)
	return strings.Fields(string(text)), err
}

// foundNames looks for locations in a folder that has no list of them: known places first, as a planet begins with them.
func foundNames(fs disk.FS, data string) ([]string, error) {
	there, err := disk.Exists(fs, data)
	if err != nil || !there {
		return nil, err
	}
	entries, err := fs.List(data)
	if err != nil {
		return nil, err
	}
	valid, found := regexp.MustCompile(LocationName), map[string]bool{}
	for _, name := range entries {
		if there, err := disk.Exists(fs, fs.PathJoin(data, name, pebble.FormatFile)); err == nil && there && valid.MatchString(name) {
			found[name] = true
		}
	}
	known, err := mesh.FirstPlaces(MaxDevLocations)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range known {
		if found[p.ID] {
			names = append(names, p.ID)
			delete(found, p.ID)
		}
	}
	slices.Sort(entries)
	for _, name := range entries {
		if found[name] {
			names = append(names, name)
		}
	}
	return names, nil
}

// keepPlaces writes down which locations the planet has, and warns when those that start are others.
func (d *Dev) keepPlaces() error {
	before, err := recallNames(d.shared.fs, d.cfg.Data)
	if err != nil {
		return err
	}
	all := slices.Clone(before)
	var fresh, missing []string
	for _, p := range d.cfg.Places {
		if !slices.Contains(before, p.ID) {
			fresh, all = append(fresh, p.ID), append(all, p.ID)
		}
	}
	for _, name := range before {
		if !slices.ContainsFunc(d.cfg.Places, func(p mesh.Place) bool { return p.ID == name }) {
			missing = append(missing, name)
		}
	}
	if len(before) > 0 && len(fresh) > 0 {
		d.cfg.Logger.Warn("locations join the planet that the folder holds", "new", strings.Join(fresh, ","), "before", strings.Join(before, ","))
	}
	if len(missing) > 0 {
		d.cfg.Logger.Warn("locations of the planet that the folder holds are not started and count as down", "down", strings.Join(missing, ","))
	}
	return d.writePlaces(all)
}

func (d *Dev) writePlaces(names []string) error {
	err := disk.WriteAtomic(d.shared.fs, d.shared.fs.PathJoin(d.cfg.Data, devPlacesFile), []byte(strings.Join(names, "\n")+"\n"))
	if err != nil {
		return fmt.Errorf("keeping the list of locations: %w", err)
	}
	return nil
}

// forgetPlace takes a location that has left off the list: the next start is without it.
func (d *Dev) forgetPlace(name string, why error) {
	if !errors.Is(why, ErrLeft) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	names, err := recallNames(d.shared.fs, d.cfg.Data)
	if err == nil {
		err = d.writePlaces(slices.DeleteFunc(names, func(one string) bool { return one == name }))
	}
	if err != nil {
		d.cfg.Logger.Warn("a location that left starts again with the others", "location", name, "error", err)
	}
}
