package fabric

import (
	"strings"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// FormatRev is the _rev of a stamp and a content hash: 22 characters of URL-safe base64.
func FormatRev(stamp clock.Stamp, hash uint32) string { return rows.FormatRev(stamp, hash) }

// AppendRev appends a _rev.
func AppendRev(dst []byte, stamp clock.Stamp, hash uint32) []byte {
	return rows.AppendRev(dst, stamp, hash)
}

// ParseRev reads a _rev.
func ParseRev(rev string) (stamp clock.Stamp, hash uint32, ok bool) { return rows.ParseRev(rev) }

// content checks a write's document and key and returns the content as stored: without _id, _key and _rev. The key is
// empty when one must be generated.
func (c *Core) content(collection *schema.Collection, w *Write) (value.Value, string, *Error) {
	key := w.Key
	if w.Op == Remove || w.Op == expel {
		return value.Value{}, key, c.checkKey(key)
	}
	if w.Document.Kind() != value.KindObject {
		return value.Value{}, "", failure(BadDocument, "a document must be a JSON object, not %s", w.Document.Kind())
	}
	doc := w.Document
	if named, ok := doc.Get("_key"); ok {
		if named.Kind() != value.KindString {
			return value.Value{}, "", failure(BadKey, "_key must be a string, not %s", named.Kind())
		}
		if key != "" && key != named.Str() && w.Op != Update && w.Op != Replace {
			return value.Value{}, "", failure(BadKey, "the document says _key %q, the request %q", named.Str(), key)
		}
		if key == "" {
			key = named.Str()
		}
	}
	if key == "" {
		if w.Op == Update || w.Op == Replace {
			return value.Value{}, "", failure(BadKey, "the document has no _key, so it is not clear which one to write")
		}
	} else if collection.Number >= schema.FirstNumber {
		if err := c.checkKey(key); err != nil {
			return value.Value{}, "", err
		}
	}
	for _, name := range [...]string{"_id", "_key", "_rev"} {
		if _, ok := doc.Get(name); ok {
			doc = doc.Without(name)
		}
	}
	return doc, key, nil
}

// keyPunctuation are the characters allowed in a key besides letters and digits.
const keyPunctuation = "_-:.@()+,=;$!*'%"

func (c *Core) checkKey(key string) *Error {
	if key == "" || len(key) > c.limits.KeyBytes {
		return failure(BadKey, "a key has 1 to %d bytes, this one has %d", c.limits.KeyBytes, len(key))
	}
	for i := 0; i < len(key); i++ {
		ch := key[i]
		if ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= '0' && ch <= '9' || strings.IndexByte(keyPunctuation, ch) >= 0 {
			continue
		}
		r, _ := utf8.DecodeRuneInString(key[i:])
		return failure(BadKey, "character %q at byte %d of key %q is not allowed: keys are made of a to z, A to Z, 0 to 9 and %s", r, i+1, key, keyPunctuation)
	}
	return nil
}

const (
	keyTimeDigits   = 9  // 45 bits of milliseconds: enough for a thousand years
	keyOrderDigits  = 3  // 15 bits of a number that begins anew each millisecond
	keyRandomDigits = 12 // 60 bits
)

// generateKey makes a key of the time, a number and 60 random bits, in digits and letters that sort as the keys made here
// were made. Documents that come one after another thus lie beside one another in the store, which saves most of the work
// of keeping it sorted, and are read in that order. The random bits are many enough that nobody meets or guesses a key
// before it is given, so that it is not looked up either.
func (c *Core) generateKey(wallMs int64) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	var out [keyTimeDigits + keyOrderDigits + keyRandomDigits]byte
	turn := c.keyTurn(uint64(max(wallMs, 0)))
	for i := keyTimeDigits + keyOrderDigits - 1; i >= 0; i-- {
		out[i] = digits[turn&31]
		turn >>= 5
	}
	random := c.random()
	for i := keyTimeDigits + keyOrderDigits; i < len(out); i++ {
		out[i] = digits[random&31]
		random >>= 5
	}
	return string(out[:])
}

// keyTurn gives the time and number of the next key: behind all that were given, even when the clock went back or one
// millisecond saw more keys than it has numbers.
func (c *Core) keyTurn(wallMs uint64) uint64 {
	for {
		last := c.lastKey.Load()
		next := max(wallMs<<(5*keyOrderDigits), last+1)
		if c.lastKey.CompareAndSwap(last, next) {
			return next
		}
	}
}

// checkEdge checks that an edge names both its ends.
func checkEdge(collection *schema.Collection, doc value.Value) *Error {
	if collection.Type != schema.EdgeCollection {
		return nil
	}
	for _, name := range [...]string{"_from", "_to"} {
		v, _ := doc.Get(name)
		if v.Kind() != value.KindString || !isHandle(v.Str()) {
			return failure(BadEdge, "an edge needs %s: the handle of a vertex, collection/key", name)
		}
	}
	return nil
}

func isHandle(s string) bool {
	i := strings.IndexByte(s, '/')
	return i > 0 && i < len(s)-1 && strings.IndexByte(s[i+1:], '/') < 0
}
