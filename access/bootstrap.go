package access

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Root is the first user and key of a tenant. What is empty is generated.
type Root struct {
	Tenant   string // when empty the one that is there, else AdminTenant
	Password string
	// APIKey is a whole key TENANT.KEYID.SECRET; its tenant is then Tenant.
	APIKey string
	// NoPassword gives root none: only keys, and Open, let it in.
	NoPassword bool
}

// Bootstrap makes the collections, the token secret and the root user and key
// where they are missing, and returns what it made: a Password or APIKey that
// was there before comes back empty, as nobody knows it any more. It runs at
// the location that creates the planet, at every start.
func (a *Access) Bootstrap(ctx context.Context, want Root) (Root, error) {
	made := Root{Tenant: want.Tenant, NoPassword: want.NoPassword}
	keyID, secret := RootUser, ""
	if want.APIKey != "" {
		tenant, id, s, ok := SplitKey(want.APIKey)
		if !ok {
			return made, fmt.Errorf("%w: the root API key has the form TENANT.KEYID.SECRET", ErrBadArgument)
		}
		if want.Tenant != "" && want.Tenant != tenant {
			return made, fmt.Errorf("%w: it is %s, the root API key is of %s", ErrOtherTenant, want.Tenant, tenant)
		}
		made.Tenant, keyID, secret = tenant, id, s
	}
	if err := CheckKeyID(keyID); err != nil {
		return made, err
	}
	var err error
	if made.Tenant, err = a.home(made.Tenant); err != nil {
		return made, err
	}
	if err := a.collections(ctx); err != nil {
		return made, err
	}
	if err := a.makeSecret(ctx); err != nil {
		return made, err
	}
	old, err := a.findUser(made.Tenant, RootUser)
	if err != nil {
		return made, fmt.Errorf("root user: %w", err)
	}
	if made.Password, err = a.makeRoot(ctx, made.Tenant, want); err != nil {
		return made, fmt.Errorf("root user: %w", err)
	}
	if secret == "" && old != nil {
		return made, nil // it has had keys, whatever their names; nobody asks for another
	}
	if made.APIKey, err = a.makeRootKey(ctx, made.Tenant, keyID, secret); err != nil {
		return made, fmt.Errorf("root API key: %w", err)
	}
	return made, nil
}

// home is the tenant that a start is for: the one asked for, else the one that
// is there, else AdminTenant. A planet has one root tenant from its first
// start on, with fabrics that carry its name: another one would have a user
// and nothing to use.
func (a *Access) home(asked string) (string, error) {
	if asked != "" {
		if err := CheckTenant(asked); err != nil {
			return "", err
		}
	}
	there, err := a.Tenants()
	switch {
	case err != nil:
		return "", err
	case len(there) == 0 && asked == "":
		return AdminTenant, nil
	case len(there) == 0 || slices.Contains(there, asked):
		return asked, nil
	case asked != "":
		return "", fmt.Errorf("%w: the data is of %s, so %s cannot be its root tenant; start with a key of %s or with other data",
			ErrOtherTenant, strings.Join(there, ", "), asked, there[0])
	case slices.Contains(there, AdminTenant):
		return AdminTenant, nil
	}
	return there[0], nil
}

// planet is the tenant of credentials that name none: the planet's root tenant.
func (a *Access) planet() string {
	if t := a.known.Load(); t != nil {
		return *t
	}
	there, err := a.Tenants()
	if err != nil || len(there) == 0 {
		return AdminTenant
	}
	tenant := there[0]
	if slices.Contains(there, AdminTenant) {
		tenant = AdminTenant
	}
	a.known.Store(&tenant)
	return tenant
}

// collections makes what is missing.
func (a *Access) collections(ctx context.Context) error {
	for _, name := range []string{usersCollection, keysCollection, configCollection} {
		_, err := a.system.CreateCollection(ctx, fabric.CollectionSpec{Name: name, Type: fabric.DocumentCollection, Model: "DOC", System: true}, nil)
		if err != nil && fabric.CodeOf(err) != fabric.CollectionExists {
			return fmt.Errorf("collection %s: %w", name, err)
		}
	}
	return nil
}

// makeSecret writes the token secret once.
func (a *Access) makeSecret(ctx context.Context) error {
	if a.Ready() {
		return nil
	}
	var secret [32]byte
	a.random.fill(secret[:])
	doc := value.Object(value.Member{Name: "secret", Value: value.String(base64.RawStdEncoding.EncodeToString(secret[:]))})
	_, err := a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, configCollection, secretKey, doc)}})
	a.cache.drop(configCollection, secretKey)
	if fabric.CodeOf(err) == fabric.KeyExists {
		return nil
	}
	return err
}

// makeRoot makes the root user, or gives an existing one the password that
// was asked for. It returns the password when it set one.
func (a *Access) makeRoot(ctx context.Context, tenant string, want Root) (string, error) {
	old, err := a.findUser(tenant, RootUser)
	if err != nil {
		return "", err
	}
	password := want.Password
	if old != nil {
		if password == "" || want.NoPassword {
			return "", nil
		}
		if same, err := a.hasher.check(ctx, password, old.hash); err != nil || same {
			return password, err
		}
		_, err = a.ChangeUser(ctx, tenant, RootUser, UserChange{Password: &password})
		return password, err
	}
	if want.NoPassword {
		password = ""
	} else if password == "" {
		password = a.random.text(secretBytes)
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	u := User{Tenant: tenant, Name: RootUser, DisplayName: "root", Active: true, Extra: value.Object()}
	_, err = a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{
		fabric.NewWrite(fabric.Insert, usersCollection, tenant+":"+RootUser, u.document(hash))}})
	return password, err
}

// makeRootKey makes the root key unless one with that secret, or one whose
// secret nobody gave, is there.
func (a *Access) makeRootKey(ctx context.Context, tenant, id, secret string) (string, error) {
	whole := tenant + "." + id + "." + secret
	if secret != "" {
		if _, err := a.byKey(whole); err == nil {
			return whole, nil
		}
	} else if old, err := a.findKey(tenant, id); err != nil || old != nil {
		return "", err
	}
	w, whole := a.keyWrite(fabric.Upsert, tenant, RootUser, id, secret)
	_, err := a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}})
	a.cache.drop(w.Collection, w.Key)
	return whole, err
}
