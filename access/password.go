package access

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The costs of new hashes: 19 MiB and two passes, as OWASP advises for one
// lane. Hashes with other costs are read as long as they are bounded.
const (
	hashMemory   = 19 * 1024 // KiB
	hashPasses   = 2
	hashLanes    = 1
	hashBytes    = 32
	saltBytes    = 16
	hashMostKiB  = 256 * 1024
	hashMostPass = 16
)

// HashParallel is how many passwords are hashed at the same time.
const HashParallel = 2

// passwordMost bounds what is fed to the hash.
const passwordMost = 1024

// hasher checks and makes password hashes, a few at a time.
type hasher struct {
	random random
	slots  chan struct{}
}

func newHasher(random random) *hasher {
	return &hasher{random: random, slots: make(chan struct{}, HashParallel)}
}

// run does the hash when there is a free slot.
func (h *hasher) run(ctx context.Context, password string, p phc) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.lanes, uint32(len(p.hash))), nil
}

// hash makes the text to store for a password. The empty password gives the
// empty text, which no check accepts.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if len(password) > passwordMost {
		return "", fmt.Errorf("%w: a password has at most %d bytes", ErrBadArgument, passwordMost)
	}
	p := phc{memory: hashMemory, passes: hashPasses, lanes: hashLanes, salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)}
	h.random.fill(p.salt)
	sum, err := h.run(ctx, password, p)
	if err != nil {
		return "", err
	}
	p.hash = sum
	return p.String(), nil
}

// check tells whether the password belongs to the stored text. A text that
// does not parse costs the same and gives false.
func (h *hasher) check(ctx context.Context, password, stored string) (bool, error) {
	p, err := parsePHC(stored)
	if err != nil {
		p = phc{memory: hashMemory, passes: hashPasses, lanes: hashLanes, salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)}
	}
	if len(password) > passwordMost {
		return false, nil
	}
	sum, runErr := h.run(ctx, password, p)
	if runErr != nil {
		return false, runErr
	}
	return subtle.ConstantTimeCompare(sum, p.hash) == 1 && err == nil, nil
}

// phc is a stored hash taken apart.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, hash     []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parsePHC reads what String wrote, and refuses costs that would let a stored
// text bring the location down.
func parsePHC(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, fmt.Errorf("password hash: want $argon2id$v=%d$m=,t=,p=$salt$hash", argon2.Version)
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil || n != 3 {
		return p, fmt.Errorf("password hash: costs %q: want m=,t=,p=", parts[3])
	}
	if p.memory < 8 || p.memory > hashMostKiB || p.passes < 1 || p.passes > hashMostPass || p.lanes < 1 || p.lanes > 16 {
		return p, fmt.Errorf("password hash: costs m=%d,t=%d,p=%d are out of bounds", p.memory, p.passes, p.lanes)
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return p, fmt.Errorf("password hash: salt is not 8 to 64 bytes of base64")
	}
	if p.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(p.hash) < 16 || len(p.hash) > 64 {
		return p, fmt.Errorf("password hash: sum is not 16 to 64 bytes of base64")
	}
	return p, nil
}
