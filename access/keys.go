package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/value"
)

// random turns the seam's numbers into bytes.
type random struct{ env.Rand }

func (r random) fill(b []byte) {
	var word [8]byte
	for len(b) > 0 {
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		b = b[copy(b, word[:]):]
	}
}

// text is n random bytes as letters, digits, _ and -.
func (r random) text(n int) string {
	b := make([]byte, n)
	r.fill(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// secretBytes is how long a generated secret is before it becomes text.
const secretBytes = 24

// Key describes an API key. The secret is known only when it is made.
type Key struct {
	Tenant, ID, User string
	Active           bool
	CreatedAt        int64 // unix milliseconds
}

// apiKey is a key as the cache has it.
type apiKey struct {
	Key
	sum [sha256.Size]byte
}

// SplitKey takes "TENANT.KEYID.SECRET" apart; the tenant may have dots.
func SplitKey(text string) (tenant, id, secret string, ok bool) {
	last := strings.LastIndexByte(text, '.')
	if last <= 0 {
		return "", "", "", false
	}
	mid := strings.LastIndexByte(text[:last], '.')
	if mid <= 0 || last-mid < 2 || last == len(text)-1 {
		return "", "", "", false
	}
	return text[:mid], text[mid+1 : last], text[last+1:], true
}

// byKey checks a whole API key.
func (a *Access) byKey(text string) (Identity, error) {
	tenant, id, secret, ok := SplitKey(text)
	if !ok {
		return Identity{}, fmt.Errorf("%w: an API key has the form TENANT.KEYID.SECRET", ErrUnauthorized)
	}
	k, err := a.findKey(tenant, id)
	if err != nil {
		return Identity{}, err
	}
	sum := sha256.Sum256([]byte(secret))
	if k == nil || subtle.ConstantTimeCompare(sum[:], k.sum[:]) != 1 {
		return Identity{}, fmt.Errorf("%w: unknown API key", ErrUnauthorized)
	}
	if !k.Active {
		return Identity{}, fmt.Errorf("%w: the API key is not active", ErrUnauthorized)
	}
	if _, err := a.alive(tenant, k.User); err != nil {
		return Identity{}, err
	}
	return Identity{Tenant: k.Tenant, User: k.User, KeyID: k.ID}, nil
}

// findKey reads a key through the cache; nil when there is none.
func (a *Access) findKey(tenant, id string) (*apiKey, error) {
	var name [96]byte
	at := append(append(append(name[:0], tenant...), ':'), id...)
	a.cache.mu.RLock()
	k, turn := a.cache.keys[string(at)], a.cache.turn
	a.cache.mu.RUnlock()
	if k != nil {
		return k, nil
	}
	key := string(at)
	doc, found, err := a.read(keysCollection, key)
	if err != nil || !found {
		return nil, err
	}
	k = keyOf(doc)
	a.cache.keep(turn, func() { a.cache.keys[key] = k })
	return k, nil
}

func keyOf(doc value.Value) *apiKey {
	k := &apiKey{Key: Key{Tenant: text(doc, "tenant"), ID: text(doc, "keyid"), User: text(doc, "user"), Active: flag(doc, "active")}}
	k.CreatedAt = number(doc, "createdAt")
	raw, _ := base64.RawStdEncoding.DecodeString(text(doc, "hash"))
	copy(k.sum[:], raw)
	if len(raw) != sha256.Size {
		k.Active = false
	}
	return k
}

// CheckKeyID tells whether a key id has the right form: a letter, then
// letters, digits, _ and -.
func CheckKeyID(id string) error {
	if err := checkName("key id", id, "_-"); err != nil {
		return fmt.Errorf("%w: %w", ErrBadKeyID, err)
	}
	return nil
}

// CreateKey makes a key for a user of the tenant and returns its whole text,
// which is not known afterwards. An empty secret is generated.
func (a *Access) CreateKey(ctx context.Context, tenant, user, id, secret string) (string, error) {
	if err := CheckKeyID(id); err != nil {
		return "", err
	}
	if _, err := a.alive(tenant, user); err != nil {
		return "", fmt.Errorf("%w: %s", ErrUserNotFound, user)
	}
	w, whole := a.keyWrite(fabric.Insert, tenant, user, id, secret)
	_, err := a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}})
	if fabric.CodeOf(err) == fabric.KeyExists {
		return "", fmt.Errorf("%w: %s", ErrKeyExists, id)
	}
	return whole, err
}

// keyWrite prepares the document of a key.
func (a *Access) keyWrite(op fabric.WriteOp, tenant, user, id, secret string) (fabric.Write, string) {
	if secret == "" {
		secret = a.random.text(secretBytes)
	}
	sum := sha256.Sum256([]byte(secret))
	doc := value.Object(
		value.Member{Name: "tenant", Value: value.String(tenant)},
		value.Member{Name: "keyid", Value: value.String(id)},
		value.Member{Name: "user", Value: value.String(user)},
		value.Member{Name: "hash", Value: value.String(base64.RawStdEncoding.EncodeToString(sum[:]))},
		value.Member{Name: "active", Value: value.Bool(true)},
		value.Member{Name: "createdAt", Value: value.Int(a.clock.WallMs())},
	)
	return fabric.NewWrite(op, keysCollection, tenant+":"+id, doc), tenant + "." + id + "." + secret
}

// Key describes one key.
func (a *Access) Key(tenant, id string) (Key, error) {
	k, err := a.findKey(tenant, id)
	if err != nil {
		return Key{}, err
	}
	if k == nil {
		return Key{}, fmt.Errorf("%w: %s", ErrKeyNotFound, id)
	}
	return k.Key, nil
}

// Keys lists the keys of a tenant by id.
func (a *Access) Keys(tenant string) ([]Key, error) {
	var out []Key
	err := a.scan(keysCollection, tenant, func(doc value.Value) { out = append(out, keyOf(doc).Key) })
	return out, err
}

// DropKey removes a key.
func (a *Access) DropKey(ctx context.Context, tenant, id string) error {
	_, err := a.system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{
		fabric.NewWrite(fabric.Remove, keysCollection, tenant+":"+id, value.Null())}})
	if fabric.CodeOf(err) == fabric.NotFound {
		return fmt.Errorf("%w: %s", ErrKeyNotFound, id)
	}
	a.cache.drop(keysCollection, tenant+":"+id)
	return err
}
