package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// User describes a user.
type User struct {
	Tenant, Name       string
	Email, DisplayName string
	Active             bool
	Extra              value.Value // an object
}

// UserChange sets what is not nil.
type UserChange struct {
	Email, DisplayName, Password *string
	Active                       *bool
	Extra                        *value.Value
}

// user is a user as the cache has it.
type user struct {
	User
	hash string
	// checked remembers the last password that was right, under the key of
	// this start, so that Basic credentials are not hashed for every request.
	checked atomic.Pointer[[sha256.Size]byte]
}

// CheckTenant tells whether a tenant's name has the right form.
func CheckTenant(name string) error { return checkName("tenant", name, "_-.") }

// CheckUser tells whether a user's name has the right form.
func CheckUser(name string) error { return checkName("user", name, "_-.@+") }

// checkName accepts a letter or _, then letters, digits and what else is
// given, up to 100 bytes: all of it fits into a document key, and the colon
// between tenant and name stays unambiguous.
func checkName(what, name, also string) error {
	if name == "" || len(name) > 100 {
		return fmt.Errorf("%w: a %s has 1 to 100 bytes", ErrBadArgument, what)
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if letter || i > 0 && (c >= '0' && c <= '9' || strings.IndexByte(also, c) >= 0) {
			continue
		}
		return fmt.Errorf("%w: %s %q: want a letter, then letters, digits or any of %s", ErrBadArgument, what, name, also)
	}
	return nil
}

// findUser reads a user through the cache; nil when there is none.
func (a *Access) findUser(tenant, name string) (*user, error) {
	var buf [96]byte
	at := append(append(append(buf[:0], tenant...), ':'), name...)
	a.cache.mu.RLock()
	u, turn := a.cache.users[string(at)], a.cache.turn
	a.cache.mu.RUnlock()
	if u != nil {
		return u, nil
	}
	key := string(at)
	doc, found, err := a.read(usersCollection, key)
	if err != nil || !found {
		return nil, err
	}
	u = &user{User: userOf(doc), hash: text(doc, "hash")}
	a.cache.keep(turn, func() { a.cache.users[key] = u })
	return u, nil
}

// alive gives the user, or an error unless it exists and is active.
func (a *Access) alive(tenant, name string) (*user, error) {
	u, err := a.findUser(tenant, name)
	if err != nil {
		return nil, err
	}
	if u == nil || !u.Active {
		return nil, fmt.Errorf("%w: the user does not exist or is not active", ErrUnauthorized)
	}
	return u, nil
}

// byPassword checks tenant, user and password. An unknown user costs a hash
// as well, so that the time does not tell who exists.
func (a *Access) byPassword(ctx context.Context, tenant, name, password string, local bool) (Identity, error) {
	id := Identity{Tenant: tenant, User: name}
	if a.open != "" && local && tenant == a.open && name == RootUser && password == "" {
		return id, nil
	}
	u, err := a.findUser(tenant, name)
	if err != nil {
		return Identity{}, err
	}
	mac := hmac.New(sha256.New, a.pepper[:])
	mac.Write([]byte(password))
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	stored := ""
	if u != nil {
		stored = u.hash
		if last := u.checked.Load(); last != nil && u.Active && hmac.Equal(last[:], sum[:]) {
			return id, nil
		}
	}
	right, err := a.hasher.check(ctx, password, stored)
	if err != nil {
		return Identity{}, err
	}
	if !right || !u.Active {
		return Identity{}, fmt.Errorf("%w: wrong user or password", ErrUnauthorized)
	}
	u.checked.Store(&sum)
	return id, nil
}

func userOf(doc value.Value) User {
	u := User{Tenant: text(doc, "tenant"), Name: text(doc, "user"), Email: text(doc, "email"),
		DisplayName: text(doc, "displayName"), Active: flag(doc, "active")}
	u.Extra, _ = doc.Get("extra")
	if u.Extra.Kind() != value.KindObject {
		u.Extra = value.Object()
	}
	return u
}

func (u User) document(hash string) value.Value {
	return value.Object(
		value.Member{Name: "tenant", Value: value.String(u.Tenant)},
		value.Member{Name: "user", Value: value.String(u.Name)},
		value.Member{Name: "email", Value: value.String(u.Email)},
		value.Member{Name: "displayName", Value: value.String(u.DisplayName)},
		value.Member{Name: "active", Value: value.Bool(u.Active)},
		value.Member{Name: "extra", Value: u.Extra},
		value.Member{Name: "hash", Value: value.String(hash)},
	)
}

// User describes one user.
func (a *Access) User(tenant, name string) (User, error) {
	u, err := a.findUser(tenant, name)
	if err != nil {
		return User{}, err
	}
	if u == nil {
		return User{}, fmt.Errorf("%w: %s", ErrUserNotFound, name)
	}
	return u.User, nil
}

// Users lists the users of a tenant by name.
func (a *Access) Users(tenant string) ([]User, error) {
	var out []User
	err := a.scan(usersCollection, tenant, func(doc value.Value) { out = append(out, userOf(doc)) })
	return out, err
}

// ByEmail finds the tenant and name of the user with an e-mail address.
func (a *Access) ByEmail(email string) (User, error) {
	email = strings.ToLower(email)
	a.cache.mu.RLock()
	out, known := a.cache.emails[email]
	turn := a.cache.turn
	a.cache.mu.RUnlock()
	if known {
		return out, nil
	}
	err := a.scan(usersCollection, "", func(doc value.Value) {
		if out.Name == "" && sameEmail(text(doc, "email"), email) {
			out = userOf(doc)
		}
	})
	if err == nil && out.Name == "" {
		err = fmt.Errorf("%w: %s", ErrUserNotFound, email)
	}
	if err == nil {
		a.cache.keep(turn, func() { a.cache.emails[email] = out })
	}
	return out, err
}

// sameEmail compares addresses without case; none is the same as no other.
func sameEmail(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// freeEmail gives an error when a user besides the one named has an address,
// whatever the tenant: a login by address names no tenant. Callers hold
// a.naming.
func (a *Access) freeEmail(email, tenant, name string) error {
	if email == "" {
		return nil
	}
	taken := false
	err := a.scan(usersCollection, "", func(doc value.Value) {
		other := text(doc, "tenant") != tenant || text(doc, "user") != name
		taken = taken || other && sameEmail(text(doc, "email"), email)
	})
	if err == nil && taken {
		err = fmt.Errorf("%w: %s", ErrEmailExists, email)
	}
	return err
}

// Tenants lists the tenants that have users.
func (a *Access) Tenants() ([]string, error) {
	var out []string
	err := a.scan(usersCollection, "", func(doc value.Value) {
		if t := text(doc, "tenant"); len(out) == 0 || out[len(out)-1] != t {
			out = append(out, t)
		}
	})
	return out, err
}

// CreateUser makes a user with a password. No other user may have its e-mail
// address.
func (a *Access) CreateUser(ctx context.Context, u User, password string) error {
	if err := CheckTenant(u.Tenant); err != nil {
		return err
	}
	if err := CheckUser(u.Name); err != nil {
		return err
	}
	if password == "" {
		return fmt.Errorf("%w: a user needs a password", ErrBadArgument)
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	a.naming.Lock()
	defer a.naming.Unlock()
	old, err := a.findUser(u.Tenant, u.Name)
	if err == nil && old != nil {
		err = fmt.Errorf("%w: %s", ErrUserExists, u.Name)
	}
	if err == nil {
		err = a.freeEmail(u.Email, u.Tenant, u.Name)
	}
	if err != nil {
		return err
	}
	_, err = a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{
		fabric.NewWrite(fabric.Insert, usersCollection, u.Tenant+":"+u.Name, u.document(hash))}})
	if fabric.CodeOf(err) == fabric.KeyExists {
		return fmt.Errorf("%w: %s", ErrUserExists, u.Name)
	}
	return err
}

// ChangeUser sets some of a user's attributes.
func (a *Access) ChangeUser(ctx context.Context, tenant, name string, c UserChange) (User, error) {
	var patch []value.Member
	set := func(name string, s *string) {
		if s != nil {
			patch = append(patch, value.Member{Name: name, Value: value.String(*s)})
		}
	}
	set("email", c.Email)
	set("displayName", c.DisplayName)
	if c.Active != nil {
		patch = append(patch, value.Member{Name: "active", Value: value.Bool(*c.Active)})
	}
	if c.Extra != nil {
		patch = append(patch, value.Member{Name: "extra", Value: *c.Extra})
	}
	if c.Password != nil {
		if *c.Password == "" {
			return User{}, fmt.Errorf("%w: a password cannot be empty", ErrBadArgument)
		}
		hash, err := a.hasher.hash(ctx, *c.Password)
		if err != nil {
			return User{}, err
		}
		set("hash", &hash)
	}
	w := fabric.NewWrite(fabric.Update, usersCollection, tenant+":"+name, value.Object(patch...))
	w.MergeObjects = false
	if c.Email != nil {
		a.naming.Lock()
		defer a.naming.Unlock()
		if err := a.freeEmail(*c.Email, tenant, name); err != nil {
			return User{}, err
		}
	}
	_, err := a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}})
	a.cache.drop(usersCollection, tenant+":"+name)
	switch {
	case fabric.CodeOf(err) == fabric.NotFound:
		return User{}, fmt.Errorf("%w: %s", ErrUserNotFound, name)
	case err != nil:
		return User{}, err
	}
	return a.User(tenant, name)
}

// DropUser removes a user together with the keys it owns. Root stays.
func (a *Access) DropUser(ctx context.Context, tenant, name string) error {
	if name == RootUser {
		return fmt.Errorf("%w: the user root cannot be removed", ErrBadArgument)
	}
	keys, err := a.Keys(tenant)
	if err != nil {
		return err
	}
	writes := []fabric.Write{fabric.NewWrite(fabric.Remove, usersCollection, tenant+":"+name, value.Null())}
	for _, k := range keys {
		if k.User == name {
			w := fabric.NewWrite(fabric.Remove, keysCollection, tenant+":"+k.ID, value.Null())
			w.IgnoreAbsent = true
			writes = append(writes, w)
		}
	}
	_, err = a.system.Commit(ctx, fabric.Transaction{Writes: writes})
	for _, w := range writes {
		a.cache.drop(w.Collection, w.Key)
	}
	if fabric.CodeOf(err) == fabric.NotFound {
		return fmt.Errorf("%w: %s", ErrUserNotFound, name)
	}
	return err
}
