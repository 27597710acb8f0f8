package api

import (
	"context"
	"slices"

	"github.com/selvedge-db/selvedge/api/lease"
	"github.com/selvedge-db/selvedge/value"
)

// CurrentFabric describes the fabric of the call.
func (s *Service) CurrentFabric(_ context.Context, c *Call) (FabricInfo, error) {
	for _, f := range s.planet.ListFabrics(c.Tenant) {
		if f.Name == c.FabricName {
			return f, nil
		}
	}
	return FabricInfo{}, Fail(FabricNotFound, "%s", quote(c.FabricName))
}

// ListFabrics gives the fabrics of the tenant at this location.
func (s *Service) ListFabrics(_ context.Context, c *Call) ([]FabricInfo, error) {
	return s.planet.ListFabrics(c.Tenant), nil
}

// inSystem refuses what only _system may do.
func inSystem(c *Call) error {
	if c.FabricName != SystemFabric {
		return Fail(OnlyInSystem, "this was asked of %s", quote(c.FabricName))
	}
	return nil
}

// CreateFabric makes a fabric that lives in the locations named, in all when
// there are none.
func (s *Service) CreateFabric(ctx context.Context, c *Call, spec FabricSpec) error {
	if err := inSystem(c); err != nil {
		return err
	}
	if err := checkName("fabric", spec.Name, false); err != nil {
		return err
	}
	if err := s.knownLocations(spec.Locations); err != nil {
		return err
	}
	return orNil(s.planet.CreateFabric(ctx, c.Tenant, spec))
}

func (s *Service) knownLocations(names []string) error {
	all := s.planet.AllLocations()
	for i, name := range names {
		if !slices.ContainsFunc(all, func(l Location) bool { return l.Name == name }) {
			return Fail(LocationNotFound, "%s", quote(name))
		}
		if slices.Contains(names[:i], name) {
			return Fail(BadParameter, "location %s is named twice", quote(name))
		}
	}
	return nil
}

// DropFabric removes a fabric everywhere.
func (s *Service) DropFabric(ctx context.Context, c *Call, name string) error {
	if err := inSystem(c); err != nil {
		return err
	}
	if name == SystemFabric {
		return Fail(Forbidden, "_system cannot be dropped")
	}
	if err := s.planet.DropFabric(ctx, c.Tenant, name); err != nil {
		return AsError(err)
	}
	s.states.drop(c.Tenant, name)
	there := func(o lease.Owner) bool { return o.Tenant == c.Tenant && o.Fabric == name }
	s.cursors.Evict(there)
	s.transactions.Evict(there)
	return nil
}

// SetFabricLocations changes where a fabric lives, which lets members in and
// closes others out, so it is for root alone.
func (s *Service) SetFabricLocations(ctx context.Context, c *Call, name string, locations []string) error {
	if err := root(c); err != nil {
		return err
	}
	if len(locations) == 0 {
		return Fail(BadParameter, "locations is empty: a fabric lives in one at least")
	}
	if err := s.knownLocations(locations); err != nil {
		return err
	}
	return orNil(s.planet.SetFabricLocations(ctx, c.Tenant, name, locations))
}

// SetMetadata replaces the fabric's metadata, or merges into it.
func (s *Service) SetMetadata(ctx context.Context, c *Call, metadata value.Value, merge bool) error {
	if metadata.Kind() != value.KindObject {
		return Fail(BadParameter, "metadata is %s, want an object", metadata.Kind())
	}
	if merge {
		f, err := s.CurrentFabric(ctx, c)
		if err != nil {
			return err
		}
		metadata = value.MergePatch(f.Metadata, metadata, false, true)
	}
	return orNil(s.planet.SetFabricMetadata(ctx, c.Tenant, c.FabricName, metadata))
}

// orNil keeps a nil error nil on its way into the catalogue.
func orNil(err error) error {
	if err == nil {
		return nil
	}
	return AsError(err)
}
