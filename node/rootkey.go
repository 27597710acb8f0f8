package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
)

// checkRoot refuses a root key of another tenant than the planet's: it would make a tenant without a fabric.
func (n *Node) checkRoot(planet string) error {
	if n.cfg.RootKey == "" || !n.cfg.Mesh.Create || planet == "" {
		return nil
	}
	tenant, _, _, _ := access.SplitKey(n.cfg.RootKey)
	if tenant != planet {
		return fmt.Errorf("%w: the root API key is of tenant %q, and the planet in data folder %s belongs to tenant %q: "+
			"give a key of that tenant, none, or another data folder", ErrConfiguration, tenant, n.cfg.Data, planet)
	}
	return nil
}

// wantRootKey makes sure that there is a key for a planet that has no root yet.
func (n *Node) wantRootKey() error {
	if n.cfg.RootKey != "" {
		return nil
	}
	if n.shared.newKey == nil {
		return fmt.Errorf("%w: root-key: missing: the location that creates the planet needs it, in the form TENANT.KEYID.SECRET", ErrConfiguration)
	}
	tenant := n.tenant
	if tenant == "" {
		tenant = access.AdminTenant
	}
	var err error
	n.cfg.RootKey, err = n.shared.newKey(tenant)
	return err
}

// openRoot makes the first user and its key, when they are not there yet. A key or password that the operator gives at
// a later start is made good if it is not; nothing is made up then.
func (n *Node) openRoot(ctx context.Context) error {
	want := access.Root{Tenant: n.tenant, Password: n.cfg.RootPassword, NoPassword: n.shared.open}
	_, err := n.access.User(n.tenant, access.RootUser)
	there := err == nil
	if !there && !errors.Is(err, access.ErrUserNotFound) {
		return err
	}
	if !there {
		if err := n.wantRootKey(); err != nil {
			return err
		}
	}
	keys, err := n.access.Keys(n.tenant)
	if err != nil {
		return err
	}
	// A key that was only remembered may have been removed since; without any, the first start was cut short.
	if !n.shared.remembered || len(keys) == 0 {
		want.APIKey = n.cfg.RootKey
	}
	n.made, err = n.access.Bootstrap(ctx, want)
	if fabric.CodeOf(err) != fabric.ReadOnly || n.guard.onHold() == "" {
		return err
	}
	// Something is to be written, and writes begin in a moment.
	if err := n.guard.held(ctx); err != nil {
		return err
	}
	n.made, err = n.access.Bootstrap(ctx, want)
	return err
}

// devKeyFile keeps the root API key of a dev planet, so that the next start shows it again.
const devKeyFile = "dev-root-key"

const maxKeyFile = 4 << 10

func (d *Dev) keyFile() string { return filepath.Join(d.cfg.Data, devKeyFile) }

// recallKey reads the key that an earlier start on the same data kept, when none is given now.
func (d *Dev) recallKey() error {
	if d.key = d.cfg.APIKey; d.key != "" {
		return nil
	}
	there, err := disk.Exists(disk.Real(), d.keyFile())
	if err != nil || !there {
		return err
	}
	if err := disk.MakePrivate(d.keyFile()); err != nil {
		return err
	}
	text, err := disk.ReadFile(disk.Real(), d.keyFile(), maxKeyFile)
	if err != nil {
		return err
	}
	d.key, d.shared.remembered = strings.TrimSpace(string(text)), true
	if err := CheckAPIKey(d.key); err != nil {
		return fmt.Errorf("%s: %w: give the key with --api-key, and it is written anew", d.keyFile(), err)
	}
	return nil
}

// newKey makes a key up and keeps it before anybody can use it.
func (d *Dev) newKey(random env.Rand) func(tenant string) (string, error) {
	return func(tenant string) (string, error) {
		secret := fmt.Sprintf("%016x%016x%016x", random.Uint64(), random.Uint64(), random.Uint64())
		d.key = strings.Join([]string{tenant, access.RootUser, secret}, ".")
		return d.key, d.keepKey()
	}
}

func (d *Dev) keepKey() error {
	if err := disk.WritePrivate(d.keyFile(), []byte(d.key+"\n")); err != nil {
		return fmt.Errorf("keeping the API key: %w", err)
	}
	return nil
}

// moveKey takes the key out of the store, where earlier versions kept it in clear, and keeps the one in use.
func (d *Dev) moveKey(first *Node) error {
	id, _, err := first.registry.identity()
	if err != nil {
		return err
	}
	if d.key == "" {
		d.key = id.Key
	}
	if d.key != "" && !d.shared.remembered {
		if err := d.keepKey(); err != nil {
			return err
		}
	}
	if id.Key == "" {
		return nil
	}
	id.Key = ""
	return first.registry.setIdentity(id)
}
