package api

import (
	"context"
	"strings"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/value"
)

// User and Key describe accounts; UserChange sets what is not nil.
type (
	User       = access.User
	UserChange = access.UserChange
	Key        = access.Key
)

// Users lists the users of the tenant.
func (s *Service) Users(_ context.Context, c *Call) ([]User, error) {
	out, err := s.access.Users(c.Tenant)
	return out, orNil(err)
}

// User describes one user of the tenant.
func (s *Service) User(_ context.Context, c *Call, name string) (User, error) {
	out, err := s.access.User(c.Tenant, name)
	return out, orNil(err)
}

// CreateUser makes a user. Without a name it is made of the e-mail address.
func (s *Service) CreateUser(ctx context.Context, c *Call, u User, password string) (User, error) {
	if err := root(c); err != nil {
		return u, err
	}
	if c.Tenant != c.Identity.Tenant { // the admin's root; a user needs a tenant that has something to use
		if _, err := s.planet.Fabric(c.Tenant, SystemFabric); err != nil {
			return u, AsError(err)
		}
	}
	if u.Name == "" {
		u.Name = strings.ReplaceAll(u.Email, "@", "_")
	}
	if u.Extra.Kind() != value.KindObject {
		u.Extra = value.Object()
	}
	u.Tenant = c.Tenant
	return u, orNil(s.access.CreateUser(ctx, u, password))
}

// ChangeUser changes a user; all but root change only themselves.
func (s *Service) ChangeUser(ctx context.Context, c *Call, name string, change UserChange) (User, error) {
	if c.Identity.User != name || change.Active != nil {
		if err := root(c); err != nil {
			return User{}, err
		}
	}
	if name == access.RootUser && change.Active != nil && !*change.Active {
		return User{}, Fail(Forbidden, "the user root stays active")
	}
	out, err := s.access.ChangeUser(ctx, c.Tenant, name, change)
	return out, orNil(err)
}

// DropUser removes a user and the user's keys.
func (s *Service) DropUser(ctx context.Context, c *Call, name string) error {
	if err := root(c); err != nil {
		return err
	}
	return orNil(s.access.DropUser(ctx, c.Tenant, name))
}

// Keys lists the API keys of the tenant.
func (s *Service) Keys(_ context.Context, c *Call) ([]Key, error) {
	out, err := s.access.Keys(c.Tenant)
	return out, orNil(err)
}

// Key describes one API key.
func (s *Service) Key(_ context.Context, c *Call, id string) (Key, error) {
	out, err := s.access.Key(c.Tenant, id)
	return out, orNil(err)
}

// CreateKey makes an API key of the caller and gives its whole text, once.
func (s *Service) CreateKey(ctx context.Context, c *Call, id string) (string, error) {
	whole, err := s.access.CreateKey(ctx, c.Tenant, c.Identity.User, id, "")
	return whole, orNil(err)
}

// DropKey removes an API key; all but root remove only their own.
func (s *Service) DropKey(ctx context.Context, c *Call, id string) error {
	k, err := s.Key(ctx, c, id)
	if err != nil {
		return err
	}
	if k.User != c.Identity.User {
		if err := root(c); err != nil {
			return err
		}
	}
	return orNil(s.access.DropKey(ctx, c.Tenant, id))
}

// Validate tells whose an API key or token is.
func (s *Service) Validate(ctx context.Context, key, token string) (access.Identity, error) {
	header := "apikey " + key
	if key == "" {
		header = "bearer " + token
	}
	id, err := s.access.Authenticate(ctx, header, false)
	return id, orNil(err)
}

// Tenants lists the tenants: all for the admin tenant's root, else the own.
func (s *Service) Tenants(_ context.Context, c *Call) ([]string, error) {
	if !c.Identity.Admin() {
		return []string{c.Tenant}, nil
	}
	out, err := s.access.Tenants()
	return out, orNil(err)
}
