package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// claims are what a token says.
type claims struct {
	Tenant   string `json:"tenant"`
	Username string `json:"username"`
	// Epoch is that of the user's password, see epoch.
	Epoch string `json:"epoch"`
	jwt.RegisteredClaims
}

const (
	secretKey = "tokens" // the document of _config
	issuer    = "selvedge"
)

// secret reads the secret that signs tokens.
func (a *Access) secret() ([]byte, error) {
	a.cache.mu.RLock()
	s, turn := a.cache.secret, a.cache.turn
	a.cache.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	doc, found, err := a.read(configCollection, secretKey)
	if err != nil {
		return nil, err
	}
	s, decodeErr := base64.RawStdEncoding.DecodeString(text(doc, "secret"))
	if !found || decodeErr != nil || len(s) < 32 {
		return nil, fmt.Errorf("%w: this location does not know the token secret yet", ErrUnauthorized)
	}
	a.cache.keep(turn, func() { a.cache.secret = s })
	return s, nil
}

// Ready tells whether this location can sign and check tokens: the first
// location from its start, another one once the system fabric has reached it.
func (a *Access) Ready() bool {
	_, err := a.secret()
	return err == nil
}

// epoch names the time between two changes of a user's password: every stored
// hash has a salt of its own, so it differs after each change and for each
// user that is made, also one of the same name and password.
func epoch(secret []byte, hash string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("epoch\x00" + hash))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// Sign makes a token for an identity. It is good until TokenLife is over or
// the user is removed, made inactive or given another password.
func (a *Access) Sign(id Identity) (string, error) {
	secret, err := a.secret()
	if err != nil {
		return "", err
	}
	u, err := a.alive(id.Tenant, id.User)
	if err != nil {
		return "", err
	}
	now := time.UnixMilli(a.clock.WallMs())
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{Tenant: id.Tenant, Username: id.User, Epoch: epoch(secret, u.hash), RegisteredClaims: jwt.RegisteredClaims{
		Issuer: issuer, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(TokenLife))}})
	return t.SignedString(secret)
}

// byToken checks a token.
func (a *Access) byToken(token string) (Identity, error) {
	secret, err := a.secret()
	if err != nil {
		return Identity{}, err
	}
	var c claims
	_, err = jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuer(issuer),
		jwt.WithTimeFunc(func() time.Time { return time.UnixMilli(a.clock.WallMs()) }), jwt.WithLeeway(time.Minute))
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	u, err := a.alive(c.Tenant, c.Username)
	if err != nil {
		return Identity{}, err
	}
	if !hmac.Equal([]byte(c.Epoch), []byte(epoch(secret, u.hash))) {
		return Identity{}, fmt.Errorf("%w: the token is from before the user's password was changed", ErrUnauthorized)
	}
	return Identity{Tenant: c.Tenant, User: c.Username}, nil
}

// Login checks a user's password and signs a token. The user is named by
// tenant and name, or by e-mail address. Local is as for Authenticate.
func (a *Access) Login(ctx context.Context, tenant, name, email, password string, local bool) (string, Identity, error) {
	if name == "" && email != "" {
		u, err := a.ByEmail(email)
		if err != nil {
			u = User{Tenant: "?", Name: "?"} // nobody, at the same cost
		}
		tenant, name = u.Tenant, u.Name
	}
	if tenant == "" {
		tenant = a.planet()
	}
	id, err := a.byPassword(ctx, tenant, name, password, local)
	if err != nil {
		return "", Identity{}, err
	}
	token, err := a.Sign(id)
	return token, id, err
}

// Authenticate tells who a request comes from by its Authorization header.
// Local says that the peer is on this machine and acts for itself, not for a
// page of another site in a browser here: only then Open counts.
func (a *Access) Authenticate(ctx context.Context, header string, local bool) (Identity, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case header == "":
		if a.open != "" && local {
			return Identity{Tenant: a.open, User: RootUser}, nil
		}
		return Identity{}, fmt.Errorf("%w: the Authorization header is missing", ErrUnauthorized)
	case strings.EqualFold(scheme, "apikey"):
		return a.byKey(rest)
	case strings.EqualFold(scheme, "bearer"):
		return a.byToken(rest)
	case strings.EqualFold(scheme, "basic"):
		return a.byBasic(ctx, rest, local)
	}
	return Identity{}, fmt.Errorf("%w: want the scheme apikey, bearer or Basic", ErrUnauthorized)
}

// byBasic checks "USER:PASSWORD" in base64; a user of another tenant than the
// planet's is written TENANT/USER or by its e-mail address.
func (a *Access) byBasic(ctx context.Context, coded string, local bool) (Identity, error) {
	raw, err := base64.StdEncoding.DecodeString(coded)
	name, password, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok {
		return Identity{}, fmt.Errorf("%w: Basic credentials are base64 of USER:PASSWORD", ErrUnauthorized)
	}
	tenant := a.planet()
	if t, n, cut := strings.Cut(name, "/"); cut {
		tenant, name = t, n
	} else if strings.Contains(name, "@") {
		if u, err := a.ByEmail(name); err == nil {
			tenant, name = u.Tenant, u.Name
		}
	}
	return a.byPassword(ctx, tenant, name, password, local)
}

// read gets one document of the system fabric.
func (a *Access) read(collection, key string) (value.Value, bool, error) {
	v := a.system.View()
	defer shut(v)
	doc, found, err := v.Get(collection, key)
	if err != nil || !found {
		switch fabric.CodeOf(err) {
		case fabric.CollectionNotFound, fabric.BadKey:
			err = nil // not replicated to here yet; a key that cannot be
		}
		return value.Null(), false, err
	}
	content, err := doc.Value()
	return content, err == nil, err
}

// scan visits a tenant's documents of a collection in key order, all with an
// empty tenant.
func (a *Access) scan(collection, tenant string, visit func(value.Value)) error {
	v := a.system.View()
	defer shut(v)
	const page = 500
	after, prefix := "", ""
	if tenant != "" {
		prefix = tenant + ":"
		after = prefix
	}
	for {
		docs, err := v.Scan(collection, after, page, false)
		if fabric.CodeOf(err) == fabric.CollectionNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		for _, d := range docs {
			if !strings.HasPrefix(d.Key, prefix) {
				return nil
			}
			content, err := d.Value()
			if err != nil {
				return err
			}
			visit(content)
			after = d.Key
		}
		if len(docs) < page {
			return nil
		}
	}
}

// shut releases a view; what it read is good whatever that reports.
func shut(v *fabric.View) { _ = v.Close() }

func text(doc value.Value, name string) string {
	v, _ := doc.Get(name)
	return v.Str()
}

func flag(doc value.Value, name string) bool {
	v, _ := doc.Get(name)
	return v.Kind() == value.KindBool && v.Bool()
}

func number(doc value.Value, name string) int64 {
	v, _ := doc.Get(name)
	n, _ := v.Int64()
	return n
}
