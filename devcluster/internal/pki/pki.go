// Package pki makes the cluster's own certificate authority, the certificates of its parts and their kubeconfigs.
//
// Keys never leave the cluster's folder (mode 0700, files 0600), and every cluster has a CA of its own.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const lifetime = 10 * 365 * 24 * time.Hour

// Authority signs the certificates of one cluster.
type Authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	pem    []byte
}

// NewAuthority makes a CA and stores it as ca.crt and ca.key in folder.
func NewAuthority(folder, name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a := &Authority{folder: folder, key: key}
	if a.cert, a.pem, err = a.sign(template, template, &key.PublicKey); err != nil {
		return nil, err
	}
	return a, a.store("ca", a.pem, key)
}

// Server issues NAME.crt and NAME.key for a TLS server.
func (a *Authority) Server(name string, hosts []string, addresses ...net.IP) error {
	_, _, err := a.issue(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		DNSNames:    hosts,
		IPAddresses: addresses,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

// Client issues NAME.crt and NAME.key for a user of the API; groups become the subject's organizations.
func (a *Authority) Client(name, user string, groups ...string) (certPEM, keyPEM []byte, err error) {
	return a.issue(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// Kubeconfig issues a client certificate and writes it, embedded, as a kubeconfig to path.
func (a *Authority) Kubeconfig(path, context, server, name, user string, groups ...string) error {
	cert, key, err := a.Client(name, user, groups...)
	if err != nil {
		return err
	}
	encode := base64.StdEncoding.EncodeToString
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[1]s
  user:
    client-certificate-data: %[4]s
    client-key-data: %[5]s
contexts:
- name: %[1]s
  context:
    cluster: %[1]s
    user: %[1]s
current-context: %[1]s
`, context, server, encode(a.pem), encode(cert), encode(key))
	return os.WriteFile(path, []byte(text), 0o600)
}

// ServiceAccountKeys writes service-account.key and .pub, with which tokens are signed and checked.
func ServiceAccountKeys(folder string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := privatePEM(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "service-account.key"), private, 0o600); err != nil {
		return err
	}
	public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	return os.WriteFile(filepath.Join(folder, "service-account.pub"), public, 0o600)
}

func (a *Authority) issue(name string, template *x509.Certificate) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	_, certPEM, err = a.sign(template, a.cert, &key.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	if keyPEM, err = privatePEM(key); err != nil {
		return nil, nil, err
	}
	return certPEM, keyPEM, a.store(name, certPEM, key)
}

func (a *Authority) sign(template, parent *x509.Certificate, public *ecdsa.PublicKey) (*x509.Certificate, []byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // tolerates a clock that is set back a little
	template.NotAfter = time.Now().Add(lifetime)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, a.key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}

func (a *Authority) store(name string, cert []byte, key *ecdsa.PrivateKey) error {
	private, err := privatePEM(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(a.folder, name+".crt"), cert, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.folder, name+".key"), private, 0o600)
}

func privatePEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
