package pki

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"fairway.dev/devcluster/internal/parts"
)

var plan = parts.Plan{Name: "x", Context: "devcluster-x", APIPort: 1234}

func ensure(t *testing.T, p parts.Plan) map[string]string {
	t.Helper()
	if err := Ensure(p); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	paths, _ := filepath.Glob("pki/*")
	for _, path := range append(paths, "kubeconfig") {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		text, _ := os.ReadFile(path)
		files[path] = string(text)
	}
	return files
}

func TestCertificatesAreMadeOncePerServer(t *testing.T) {
	t.Chdir(t.TempDir())
	first := ensure(t, plan)
	for path, text := range ensure(t, plan) {
		if first[path] != text {
			t.Errorf("%s changed", path)
		}
	}
	other := plan
	other.APIPort = 4321
	if ensure(t, other)["kubeconfig"] == first["kubeconfig"] {
		t.Error("the kubeconfig still names the old port")
	}
}

func TestARunThatWasCutShortStartsAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	ensure(t, plan)
	if err := os.Remove("pki/server"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove("pki/kubelet.key"); err != nil {
		t.Fatal(err)
	}
	ensure(t, plan)
	if _, err := tls.LoadX509KeyPair("pki/kubelet.crt", "pki/kubelet.key"); err != nil {
		t.Error(err)
	}
}

func TestEachCertificateIsGoodForItsUseAndNoOther(t *testing.T) {
	t.Chdir(t.TempDir())
	files := ensure(t, plan)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(files["pki/ca.crt"]))
	for name, use := range map[string]struct {
		host  string
		usage x509.ExtKeyUsage
		group string
	}{
		"apiserver":               {"10.96.0.1", x509.ExtKeyUsageServerAuth, ""},
		"kubelet":                 {"127.0.0.1", x509.ExtKeyUsageServerAuth, ""},
		"admin":                   {"", x509.ExtKeyUsageClientAuth, "system:masters"},
		"kubelet-client":          {"", x509.ExtKeyUsageClientAuth, "system:masters"},
		"kube-controller-manager": {"", x509.ExtKeyUsageClientAuth, ""},
		"kube-scheduler":          {"", x509.ExtKeyUsageClientAuth, ""},
	} {
		pair, err := tls.LoadX509KeyPair("pki/"+name+".crt", "pki/"+name+".key")
		if err != nil {
			t.Fatal(err)
		}
		cert, _ := x509.ParseCertificate(pair.Certificate[0])
		options := x509.VerifyOptions{Roots: roots, DNSName: use.host, KeyUsages: []x509.ExtKeyUsage{use.usage}}
		if _, err := cert.Verify(options); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth + x509.ExtKeyUsageClientAuth - use.usage}
		if _, err := cert.Verify(options); err == nil {
			t.Errorf("%s is good for the other use too", name)
		}
		if groups := cert.Subject.Organization; (use.group == "") != (len(groups) == 0) {
			t.Errorf("%s has groups %v", name, groups)
		}
	}
}
