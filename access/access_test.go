package access

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// system is a system fabric in memory.
func system(t *testing.T) *fabric.Fabric {
	t.Helper()
	f, err := fabric.Open(fabric.Config{Name: "_system", DB: memory.New(memory.Options{}), Env: env.Real(), Options: fabric.Options{Number: 1}})
	if err == nil {
		err = f.Create(context.Background(), member.Change{Kind: member.Create, Origin: 1, Fabric: "s", Name: "fra"})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func open(t *testing.T, f *fabric.Fabric, change func(*Config)) *Access {
	t.Helper()
	cfg := Config{System: f, Clock: env.RealClock(), Rand: env.Real().Rand}
	if change != nil {
		change(&cfg)
	}
	a, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a := open(t, f, nil)
	if a.Ready() {
		t.Error("ready before there is a secret")
	}
	made, err := a.Bootstrap(ctx, Root{})
	if err != nil || made.Tenant != AdminTenant || len(made.Password) < 30 || !strings.HasPrefix(made.APIKey, "_mm.root.") {
		t.Fatalf("made %+v, %v", made, err)
	}
	if id, err := a.Authenticate(ctx, "ApiKey "+made.APIKey, false); err != nil || id != (Identity{AdminTenant, RootUser, "root"}) || !id.Admin() {
		t.Errorf("by key: %+v %v", id, err)
	}
	token, _, err := a.Login(ctx, AdminTenant, RootUser, "", made.Password, false)
	if err != nil {
		t.Fatal(err)
	}
	// Another start goes on with what is there, and tells no secret again.
	b := open(t, f, nil)
	again, err := b.Bootstrap(ctx, Root{})
	if err != nil || again.Password != "" || again.APIKey != "" {
		t.Errorf("again: %+v %v", again, err)
	}
	for _, header := range []string{"bearer " + token, "apikey " + made.APIKey, "Basic " + base64.StdEncoding.EncodeToString([]byte("root:"+made.Password))} {
		if _, err := b.Authenticate(ctx, header, false); err != nil {
			t.Errorf("after a restart: %v", err)
		}
	}
	// A password and key that are given replace the old ones.
	if _, err := b.Bootstrap(ctx, Root{Password: "new", APIKey: "_mm.root.mine"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Authenticate(ctx, "apikey _mm.root.mine", false); err != nil {
		t.Error(err)
	}
	if _, err := b.Authenticate(ctx, "apikey "+made.APIKey, false); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("the old key: %v", err)
	}
	if _, _, err := b.Login(ctx, "", RootUser, "", "new", false); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"x", "a.b", ".b.c", "a..c", "a.b.", "a b.k.s", "a.1k.s"} {
		if _, err := b.Bootstrap(ctx, Root{APIKey: bad}); !errors.Is(err, ErrBadArgument) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}

// The data of one tenant does not start as another's.
func TestBootstrapKeepsTheTenant(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a := open(t, f, nil)
	if _, err := a.Bootstrap(ctx, Root{APIKey: "demo.root.secret"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Root{{APIKey: "other.root.zz"}, {Tenant: "other"}, {Tenant: AdminTenant}, {Tenant: "demo", APIKey: "other.root.zz"}} {
		if _, err := a.Bootstrap(ctx, want); !errors.Is(err, ErrOtherTenant) || !strings.Contains(err.Error(), "demo") {
			t.Errorf("%+v: %v", want, err)
		}
	}
	made, err := a.Bootstrap(ctx, Root{})
	if err != nil || made.Tenant != "demo" || made.APIKey != "" || made.Password != "" {
		t.Errorf("without a tenant: %+v %v", made, err)
	}
	if all, err := a.Tenants(); err != nil || len(all) != 1 {
		t.Errorf("tenants %v, %v", all, err)
	}
	if id, err := a.Authenticate(ctx, "apikey demo.root.secret", false); err != nil || id.Tenant != "demo" {
		t.Errorf("the key: %+v %v", id, err)
	}
}

// Many at once get an address for one of them.
func TestOneUserPerAddress(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a := open(t, f, nil)
	if _, err := a.Bootstrap(ctx, Root{Tenant: "t"}); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var made atomic.Int32
	for i := range 8 {
		wait.Go(func() {
			err := a.CreateUser(ctx, User{Tenant: "t", Name: "u" + strconv.Itoa(i), Email: "a@b", Active: true, Extra: value.Object()}, "pw")
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, ErrEmailExists) {
				t.Error(err)
			}
		})
	}
	if wait.Wait(); made.Load() != 1 {
		t.Errorf("%d users have one address", made.Load())
	}
}

func TestNothingIsStoredInClear(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a := open(t, f, nil)
	if _, err := a.Bootstrap(ctx, Root{Password: "the password", APIKey: "t.k.thesecret"}); err != nil {
		t.Fatal(err)
	}
	v := f.View()
	defer shut(v)
	for _, c := range []string{usersCollection, keysCollection} {
		docs, err := v.Scan(c, "", 10, false)
		if err != nil || len(docs) != 1 {
			t.Fatalf("%s: %d documents, %v", c, len(docs), err)
		}
		if text := string(docs[0].Text); strings.Contains(text, "the password") || strings.Contains(text, "thesecret") {
			t.Errorf("%s: %s", c, text)
		}
	}
}

// Credentials that name no tenant are those of the planet's.
func TestTenantOfCredentials(t *testing.T) {
	t.Parallel()
	for _, tenant := range []string{"demo", AdminTenant} {
		ctx, f := context.Background(), system(t)
		a := open(t, f, nil)
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("root:the password"))
		if _, err := a.Authenticate(ctx, basic, false); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%s: before there is anybody: %v", tenant, err)
		}
		if _, err := a.Bootstrap(ctx, Root{Tenant: tenant, Password: "the password"}); err != nil {
			t.Fatal(err)
		}
		want := Identity{Tenant: tenant, User: RootUser}
		for range 2 {
			if id, err := a.Authenticate(ctx, basic, false); err != nil || id != want {
				t.Errorf("Basic: %+v, %v", id, err)
			}
			if _, id, err := a.Login(ctx, "", RootUser, "", "the password", false); err != nil || id != want {
				t.Errorf("login: %+v, %v", id, err)
			}
		}
	}
}

func TestOpenAndEmptyPasswords(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a := open(t, f, func(c *Config) { c.Open, c.OpenTenant = true, "demo" })
	if _, err := a.Bootstrap(ctx, Root{Tenant: "demo", NoPassword: true}); err != nil {
		t.Fatal(err)
	}
	empty := "Basic " + base64.StdEncoding.EncodeToString([]byte("root:"))
	for _, header := range []string{"", empty} {
		if id, err := a.Authenticate(ctx, header, true); err != nil || id.Tenant != "demo" || id.User != RootUser {
			t.Errorf("%q: %+v %v", header, id, err)
		}
	}
	for _, header := range []string{"", empty} {
		if _, err := a.Authenticate(ctx, header, false); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("from elsewhere, %q: %v", header, err)
		}
	}
	if _, _, err := a.Login(ctx, "demo", RootUser, "", "", false); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("login from elsewhere: %v", err)
	}
	closed := open(t, f, nil)
	for _, header := range []string{"", empty, "Basic " + base64.StdEncoding.EncodeToString([]byte("demo/root:"))} {
		if _, err := closed.Authenticate(ctx, header, true); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("closed, %q: %v", header, err)
		}
	}
}

func TestChangesReachTheCache(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a, b := open(t, f, nil), open(t, f, nil)
	if _, err := a.Bootstrap(ctx, Root{Tenant: "t"}); err != nil {
		t.Fatal(err)
	}
	if err := a.CreateUser(ctx, User{Tenant: "t", Name: "ann", Active: true, Extra: value.Object()}, "pw"); err != nil {
		t.Fatal(err)
	}
	key, err := a.CreateKey(ctx, "t", "ann", "k", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Authenticate(ctx, "apikey "+key, false); err != nil {
		t.Fatal(err)
	}
	now, err := fabric.ParseToken("now")
	if err != nil {
		t.Fatal(err)
	}
	feed, err := f.Changes(now, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.DropUser(ctx, "t", "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := feed.Next(ctx); err != nil { // the change is out; b follows the same feed
		t.Fatal(err)
	}
	for {
		if _, err := b.Authenticate(ctx, "apikey "+key, false); errors.Is(err, ErrUnauthorized) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.CreateKey(ctx, "t", "ann", "k2", ""); !errors.Is(err, ErrUserNotFound) {
		t.Errorf("a key for nobody: %v", err)
	}
	if err := a.DropUser(ctx, "t", RootUser); !errors.Is(err, ErrBadArgument) {
		t.Errorf("dropping root: %v", err)
	}
}

func TestHashing(t *testing.T) {
	t.Parallel()
	h := newHasher(random{env.Real().Rand})
	ctx := context.Background()
	stored, err := h.hash(ctx, "right")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"right": true, "wrong": false, "": false, strings.Repeat("x", 5000): false} {
		if got, err := h.check(ctx, password, stored); err != nil || got != want {
			t.Errorf("%.10q: %v %v", password, got, err)
		}
	}
	for _, text := range []string{"", "x", "$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA"} {
		if got, err := h.check(ctx, "", text); got || err != nil {
			t.Errorf("stored %q: %v %v", text, got, err)
		}
	}
	if _, err := h.hash(ctx, strings.Repeat("x", 5000)); !errors.Is(err, ErrBadArgument) {
		t.Errorf("a long password: %v", err)
	}
	for range HashParallel {
		h.slots <- struct{}{}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.check(ended, "right", stored); !errors.Is(err, ErrBusy) {
		t.Errorf("no free slot: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), system(t)
	a := open(t, f, nil)
	made, err := a.Bootstrap(ctx, Root{Tenant: "t", Password: "pw"})
	if err != nil {
		t.Fatal(err)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("t/root:pw"))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				for _, header := range []string{basic, "apikey " + made.APIKey} {
					if _, err := a.Authenticate(ctx, header, false); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wait.Wait()
}

func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{"", "apikey a.b.c", "bearer x.y.z", "Basic " + base64.StdEncoding.EncodeToString([]byte("a@b:c")), "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tenant, id, secret, ok := SplitKey(text)
		if ok && (tenant == "" || id == "" || secret == "" || tenant+"."+id+"."+secret != text) {
			t.Errorf("%q: %q %q %q", text, tenant, id, secret)
		}
		if p, err := parsePHC(text); err == nil && (p.memory > hashMostKiB || p.passes > hashMostPass) {
			t.Errorf("%q: costs %d %d", text, p.memory, p.passes)
		}
	})
}
