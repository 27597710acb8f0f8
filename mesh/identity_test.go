package mesh

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestKeyAuthorityIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	a, err := NewKeyAuthority(testKey)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewKeyAuthority(testKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewKeyAuthority(testKey + "x")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.certificate.Raw, b.certificate.Raw) || bytes.Equal(a.certificate.Raw, c.certificate.Raw) {
		t.Error("the authority must follow from the key, and from nothing else")
	}
	if _, err := NewKeyIdentity("a", "short"); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a short key: %v (and the key must not be in it)", err)
	}
	for _, name := range []string{"", "a b", "a:1", "ä", strings.Repeat("x", 65)} {
		if _, err := a.Identity(name); err == nil {
			t.Errorf("the name %q was taken", name)
		}
	}
	if k := NewKey(); len(k) < 43 || k == NewKey() {
		t.Errorf("random key %q", k)
	}
}

// pemAuthority is an operator's own certificate authority.
type pemAuthority struct {
	t    *testing.T
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

func newPEMAuthority(t *testing.T) *pemAuthority {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := certificateTemplate("operator", big.NewInt(1))
	template.IsCA, template.BasicConstraintsValid = true, true
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pemAuthority{t, key, cert}
}

func (a *pemAuthority) authorityPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *pemAuthority) issue(commonName string, edit func(*x509.Certificate)) (certificate, key []byte) {
	a.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: commonName},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if edit != nil {
		edit(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func (a *pemAuthority) identity(name string) *Identity {
	a.t.Helper()
	certificate, key := a.issue("some host", func(c *x509.Certificate) { c.DNSNames = []string{name} })
	id, err := NewCertificateIdentity(name, certificate, key, a.authorityPEM())
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

func TestCertificateIdentityRefuses(t *testing.T) {
	t.Parallel()
	a, other := newPEMAuthority(t), newPEMAuthority(t)
	certificate, key := a.issue("fra", nil)
	expired, expiredKey := a.issue("fra", func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Hour) })
	_, wrongKey := a.issue("fra", nil)
	tests := []struct {
		name, location              string
		certificate, key, authority []byte
	}{
		{"another name", "syd", certificate, key, a.authorityPEM()},
		{"another authority", "fra", certificate, key, other.authorityPEM()},
		{"no authority", "fra", certificate, key, nil},
		{"another key", "fra", certificate, wrongKey, a.authorityPEM()},
		{"expired", "fra", expired, expiredKey, a.authorityPEM()},
		{"bad name", "fra/1", certificate, key, a.authorityPEM()},
	}
	for _, tt := range tests {
		if _, err := NewCertificateIdentity(tt.location, tt.certificate, tt.key, tt.authority); err == nil {
			t.Errorf("%s: taken", tt.name)
		}
	}
	if _, err := NewCertificateIdentity("fra", certificate, key, a.authorityPEM()); err != nil {
		t.Errorf("the right one: %v", err)
	}
}

func TestCertificatesConnect(t *testing.T) {
	t.Parallel()
	a := newPEMAuthority(t)
	ra, rb := newRecorder(t), newRecorder(t)
	x := newTransport(t, Config{Name: "x", Handler: ra, Identity: a.identity("x")})
	y := newTransport(t, Config{Name: "y", Handler: rb, Identity: a.identity("y")})
	if err := x.SetPeers([]Peer{{"y", listen(t, y)}}); err != nil {
		t.Fatal(err)
	}
	rb.await("the stream", func() bool { return rb.up["x"] == 1 })
}

// Strangers get neither stream nor call, in either direction, and the reason shows.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	good, bad := newPEMAuthority(t), newPEMAuthority(t)
	otherKey, err := NewKeyIdentity("x", "another key than that of the tests")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name             string
		dialler, dialled *Identity // nil: from the key of the tests
		want             string
	}{
		{"another mesh key", otherKey, nil, "not of this mesh"},
		{"another authority", good.identity("x"), bad.identity("y"), "not of this mesh"},
		{"key against certificates", nil, good.identity("y"), "not of this mesh"},
		{"certificate of another name", good.identity("mallory"), good.identity("y"), "showed the certificate of"},
		{"a name of another location", nil, nil, "stands location y, not w"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rx, ry := newRecorder(t), newRecorder(t)
			x := newTransport(t, Config{Name: "x", Handler: rx, Identity: tt.dialler})
			y := newTransport(t, Config{Name: "y", Handler: ry, Identity: tt.dialled, OnCall: echo})
			address := listen(t, y)
			name := "y"
			if strings.Contains(tt.want, "not w") {
				name = "w"
			}
			err := x.dial(x.ctx, name, address)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("dialling: %v, want %q", err, tt.want)
			}
			if name == "y" {
				ctx, stop := context.WithTimeout(t.Context(), patience)
				defer stop()
				if _, err := x.Call(ctx, address, "join", nil); err == nil || !strings.Contains(err.Error(), "certificate") {
					t.Errorf("calling: %v", err)
				}
			}
			closeTransport(t, x)
			closeTransport(t, y)
			if rx.strangers() != 0 {
				t.Errorf("a stream came up: %v", rx.strangers())
			}
		})
	}
}

// The dialler alone may be deceived by nothing: the accepting end checks the client's certificate too.
func TestServerChecksClients(t *testing.T) {
	t.Parallel()
	good, bad := newPEMAuthority(t), newPEMAuthority(t)
	mixed := bad.identity("x")
	mixed.authority = good.identity("x").authority // believes in good, shows a certificate of bad
	ry := newRecorder(t)
	x := newTransport(t, Config{Name: "x", Handler: newRecorder(t), Identity: mixed})
	y := newTransport(t, Config{Name: "y", Handler: ry, Identity: good.identity("y"), OnCall: echo})
	address := listen(t, y)
	if err := x.dial(x.ctx, "y", address); err == nil || errors.Is(err, errEnded) {
		t.Errorf("dialling: %v", err)
	}
	if _, err := x.Call(t.Context(), address, "join", nil); err == nil {
		t.Error("the call was answered")
	}
	closeTransport(t, y)
	if ry.strangers() != 0 {
		t.Errorf("a stream came up: %v", ry.strangers())
	}
}

func echo(_ context.Context, _, _ string, body []byte) ([]byte, error) { return body, nil }
