package api

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
)

const (
	sessionVersion  = 1
	sessionFabrics  = 8
	sessionRowsMost = 256
	sessionTextMost = 16 << 10
)

// section is what a session has seen of one fabric.
type section struct {
	fabric uint64
	rows   clock.Vector
}

// fabricHash names a fabric in tokens (FNV-1a of tenant, slash and name).
func fabricHash(tenant, name string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(tenant) {
		h = (h ^ uint64(tenant[i])) * prime
	}
	h = (h ^ '/') * prime
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * prime
	}
	return h
}

// AppendSession appends the token of a call's reply, nothing when there is
// nothing to remember.
func (s *Service) AppendSession(dst []byte, c *Call) []byte {
	if c.Fabric == nil {
		return dst
	}
	stable := c.Fabric.Core().Stable()
	var ownBuf, rawBuf [256]byte
	own, rows := ownBuf[:0], 0
	for _, r := range c.seen {
		if r.Time > stable.At(r.Origin) && rows < sessionRowsMost {
			own = binary.AppendUvarint(own, uint64(r.Origin))
			own = binary.AppendUvarint(own, uint64(r.Time))
			rows++
		}
	}
	count := len(c.tokens)
	if rows > 0 {
		count++
	}
	if count == 0 {
		return dst
	}
	raw := append(rawBuf[:0], sessionVersion)
	raw = binary.AppendUvarint(raw, uint64(count))
	for _, t := range c.tokens {
		raw = appendSection(raw, t)
	}
	if rows > 0 {
		raw = binary.BigEndian.AppendUint64(raw, fabricHash(c.Tenant, c.FabricName))
		raw = binary.AppendUvarint(raw, uint64(rows))
		raw = append(raw, own...)
	}
	return base64.RawURLEncoding.AppendEncode(dst, raw)
}

func appendSection(dst []byte, t section) []byte {
	dst = binary.BigEndian.AppendUint64(dst, t.fabric)
	dst = binary.AppendUvarint(dst, uint64(len(t.rows)))
	for _, r := range t.rows {
		dst = binary.AppendUvarint(dst, uint64(r.Origin))
		dst = binary.AppendUvarint(dst, uint64(r.Time))
	}
	return dst
}

// parseSession reads a token; what it accepts is bounded, as anybody can make
// one up.
func parseSession(text string) ([]section, error) {
	tokens := strings.Split(text, ",")
	if len(tokens) > sessionTokensMost {
		return nil, Fail(BadParameter, "Selvedge-Session: %d tokens, at most %d are counted", len(tokens), sessionTokensMost)
	}
	var out []section
	for _, token := range tokens {
		sections, err := parseToken(strings.TrimSpace(token))
		if err != nil {
			return nil, err
		}
		for _, one := range sections {
			out = mergeSection(out, one)
		}
	}
	return out, nil
}

// mergeSection adds what was seen of a fabric to the sections of others.
func mergeSection(all []section, one section) []section {
	for i := range all {
		if all[i].fabric == one.fabric {
			all[i].rows = all[i].rows.Max(one.rows)
			return all
		}
	}
	return append(all, one)
}

// sessionTokensMost is how many tokens one request may carry: a client that ran calls at once holds several, none of
// which covers the others.
const sessionTokensMost = 16

func parseToken(text string) ([]section, error) {
	bad := func(why string) ([]section, error) {
		return nil, Fail(BadParameter, "Selvedge-Session: %s; send a token as it was answered", why)
	}
	if len(text) > sessionTextMost {
		return bad("too long")
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return bad("not base64url")
	}
	if len(raw) < 2 || raw[0] != sessionVersion {
		return bad("unknown version")
	}
	raw = raw[1:]
	ok := true
	next := func() uint64 {
		v, n := binary.Uvarint(raw)
		if n <= 0 {
			ok, raw = false, nil
			return 0
		}
		raw = raw[n:]
		return v
	}
	count := next()
	if count > sessionFabrics+1 {
		return bad("too many fabrics")
	}
	out := make([]section, 0, count)
	for range count {
		if len(raw) < 8 {
			return bad("cut short")
		}
		t := section{fabric: binary.BigEndian.Uint64(raw)}
		raw = raw[8:]
		rows := next()
		if rows > sessionRowsMost {
			return bad("too many rows")
		}
		for range rows {
			origin, at := next(), next()
			if origin == 0 || origin > 1<<32-1 {
				return bad("bad origin")
			}
			t.rows.Raise(clock.Origin(origin), clock.Time(at))
		}
		out = append(out, t)
	}
	if !ok || len(raw) > 0 {
		return bad("malformed")
	}
	return out, nil
}

// splitSession parts the rows of one fabric from the sections of others, of
// which the newest are kept.
func splitSession(all []section, fabric uint64) (own clock.Vector, others []section) {
	for _, t := range all {
		if t.fabric == fabric {
			own = own.Max(t.rows)
		} else {
			others = append(others, t)
		}
	}
	if len(others) >= sessionFabrics {
		others = others[len(others)-sessionFabrics+1:]
	}
	return own, others
}
