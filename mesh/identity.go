package mesh

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// MinKeyLength is the least length of a mesh key, in bytes.
const MinKeyLength = 16

const keyIterations = 100_000

// Identity is how a location proves itself to its peers and checks them: a certificate and the authority that it trusts.
//
// From a mesh key (NewKeyIdentity) every location derives the same certificate authority: the key is stretched with
// PBKDF2-SHA-256, expanded with HKDF to an Ed25519 seed, and signs a certificate whose bytes are the same everywhere. Each
// start makes a fresh leaf key, signs it, and never stores it. So whoever holds the key is a member, nobody else is, and the
// key itself never travels. A peer that connects sees the authority's public key, with which a guessed key can be checked
// offline: use a random key (NewKey), not a password; the stretching only makes guessing slow.
//
// From certificates (NewCertificateIdentity) the operator's own authority decides, and the location's name must stand in
// its certificate, as common name or DNS name. Host names are not checked, because locations are known by name and may be
// reached at any address.
type Identity struct {
	certificate tls.Certificate
	authority   *x509.CertPool
}

// NewKey makes a random mesh key: 256 bits as base64.
func NewKey() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// NewKeyIdentity derives an identity from the secret that all locations share. It takes some tens of milliseconds.
func NewKeyIdentity(name, key string) (*Identity, error) {
	authority, err := NewKeyAuthority(key)
	if err != nil {
		return nil, err
	}
	return authority.Identity(name)
}

// KeyAuthority is the certificate authority that a mesh key stands for. A process with many locations derives it once.
type KeyAuthority struct {
	key         ed25519.PrivateKey
	certificate *x509.Certificate
}

// NewKeyAuthority derives the authority of a mesh key.
func NewKeyAuthority(key string) (*KeyAuthority, error) {
	if len(key) < MinKeyLength {
		return nil, fmt.Errorf("mesh: the mesh key has %d characters, at least %d are needed; a random one is best", len(key), MinKeyLength)
	}
	stretched, err := pbkdf2.Key(sha256.New, key, []byte("selvedge mesh key v1"), keyIterations, 32)
	if err != nil {
		return nil, fmt.Errorf("mesh: stretching the mesh key: %w", err)
	}
	seed, err := hkdf.Expand(sha256.New, stretched, "selvedge mesh authority v1", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("mesh: deriving the authority from the mesh key: %w", err)
	}
	private := ed25519.NewKeyFromSeed(seed)
	template := certificateTemplate("selvedge mesh authority", big.NewInt(1))
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	// Ed25519 signatures do not use randomness, and the rest of the template is fixed: equal keys give equal certificates.
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("mesh: making the authority's certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("mesh: reading back the authority's certificate: %w", err)
	}
	return &KeyAuthority{private, certificate}, nil
}

// Identity makes a location's identity under the authority, with a fresh key.
func (a *KeyAuthority) Identity(name string) (*Identity, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("mesh: making a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("mesh: drawing a serial number: %w", err)
	}
	template := certificateTemplate(name, serial.Add(serial, big.NewInt(2)))
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("mesh: signing the certificate of %s: %w", name, err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return &Identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pool}, nil
}

// certificateTemplate is valid at any date: a location whose clock is wrong must be able to hear so from its peers.
func certificateTemplate(name string, serial *big.Int) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
}

// NewCertificateIdentity makes an identity of a location from PEM texts: its certificate with chain, its private key, and
// the authorities whose certificates it accepts.
func NewCertificateIdentity(name string, certificatePEM, keyPEM, authorityPEM []byte) (*Identity, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("mesh: certificate and key of %s: %w", name, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authorityPEM) {
		return nil, errors.New("mesh: no certificate found in the authority's PEM text")
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("mesh: certificate of %s: %w", name, err)
	}
	if !certifies(leaf, name) {
		return nil, fmt.Errorf("mesh: the certificate is for %q %v, not for location %q: the name must be its common name or a DNS name", leaf.Subject.CommonName, leaf.DNSNames, name)
	}
	id := &Identity{certificate, pool}
	if err := id.verify([]*x509.Certificate{leaf}, certificate.Certificate[1:], x509.ExtKeyUsageClientAuth); err != nil {
		return nil, fmt.Errorf("mesh: peers would refuse the certificate of %s: %w", name, err)
	}
	return id, nil
}

func certifies(leaf *x509.Certificate, name string) bool {
	return leaf.Subject.CommonName == name || slices.Contains(leaf.DNSNames, name)
}

func (id *Identity) verify(leaf []*x509.Certificate, chain [][]byte, usage x509.ExtKeyUsage) error {
	options := x509.VerifyOptions{Roots: id.authority, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{usage}}
	for _, der := range chain {
		if c, err := x509.ParseCertificate(der); err == nil {
			options.Intermediates.AddCert(c)
		}
	}
	_, err := leaf[0].Verify(options)
	return err
}

// server and client give the TLS settings of the two ends. The client checks the chain itself: the standard check would
// want a host name, and what matters is the location's name, which the greeting is held against.
func (id *Identity) server() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{id.certificate},
		ClientCAs:    id.authority,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		// Each connection is checked in full: a resumed session would outlive a change of authority.
		SessionTicketsDisabled: true,
	}
}

func (id *Identity) client() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		Certificates:       []tls.Certificate{id.certificate},
		InsecureSkipVerify: true, // replaced by VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("mesh: the other end showed no certificate")
			}
			var chain [][]byte
			for _, c := range state.PeerCertificates[1:] {
				chain = append(chain, c.Raw)
			}
			if err := id.verify(state.PeerCertificates[:1], chain, x509.ExtKeyUsageServerAuth); err != nil {
				return fmt.Errorf("mesh: the other end is not of this mesh (another mesh key or authority): %w", err)
			}
			return nil
		},
	}
}

// checkName holds location names to what fits into reports, certificates and file names; a colon would make it an address.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("mesh: location name %.80q has %d bytes, must be 1 to %d", name, len(name), maxName)
	}
	for _, r := range []byte(name) {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
		if !ok {
			return fmt.Errorf("mesh: location name %q: only letters, digits, '-', '_' and '.' are allowed", name)
		}
	}
	return nil
}
