package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
)

// certificates are those of a dev planet: an authority of its own, kept in the data folder, and a certificate for
// localhost signed by it, made anew at each start.
type certificates struct {
	file   string // the authority's certificate
	config *tls.Config
}

const (
	authorityFile    = "dev-ca.pem"
	authorityKeyFile = "dev-ca-key.pem"
	certificateLife  = 10 * 365 * 24 * time.Hour
	backdated        = 24 * time.Hour // clocks differ
)

// devCertificates reads the authority of a data folder, or makes one, and signs a certificate.
func devCertificates(dir string, clock env.Clock) (*certificates, error) {
	fs := disk.Real()
	authority, key, err := devAuthority(fs, dir, clock)
	if err != nil {
		return nil, err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificateTemplate("localhost", clock, 2)
	template.DNSNames = []string{"localhost", "api-localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, &own.PublicKey, key)
	if err != nil {
		return nil, err
	}
	pair := tls.Certificate{Certificate: [][]byte{der, authority.Raw}, PrivateKey: own}
	return &certificates{file: fs.PathJoin(dir, authorityFile),
		config: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}, nil
}

func devAuthority(fs disk.FS, dir string, clock env.Clock) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certificate, key := fs.PathJoin(dir, authorityFile), fs.PathJoin(dir, authorityKeyFile)
	there, err := disk.Exists(fs, key)
	if err != nil {
		return nil, nil, err
	}
	if there {
		if err := disk.MakePrivate(key); err != nil {
			return nil, nil, err
		}
		return readAuthority(fs, certificate, key)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := certificateTemplate("Selvedge development authority", clock, 1)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range []struct {
		name, kind string
		data       []byte
	}{{certificate, "CERTIFICATE", der}, {key, "EC PRIVATE KEY", encoded}} {
		write := disk.WritePrivate
		if file.name == certificate {
			write = func(name string, data []byte) error { return disk.WriteAtomic(fs, name, data) }
		}
		if err := write(file.name, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.data})); err != nil {
			return nil, nil, err
		}
	}
	parsed, err := x509.ParseCertificate(der)
	return parsed, private, err
}

func readAuthority(fs disk.FS, certificate, key string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	var blocks [2][]byte
	for i, name := range []string{certificate, key} {
		data, err := disk.ReadFile(fs, name, maxPEM)
		if err != nil {
			return nil, nil, err
		}
		block, _ := pem.Decode(data)
		if block == nil {
			return nil, nil, fmt.Errorf("%s holds no PEM data: remove it together with %s and start again", name, authorityFile)
		}
		blocks[i] = block.Bytes
	}
	parsed, err := x509.ParseCertificate(blocks[0])
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", certificate, err)
	}
	private, err := x509.ParseECPrivateKey(blocks[1])
	return parsed, private, err
}

func certificateTemplate(name string, clock env.Clock, serial int64) *x509.Certificate {
	now := time.UnixMilli(clock.WallMs())
	return &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano() + serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(certificateLife), KeyUsage: x509.KeyUsageDigitalSignature}
}
