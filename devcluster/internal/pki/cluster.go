package pki

import (
	"net"
	"os"
	"path/filepath"

	"fairway.dev/devcluster/internal/parts"
)

// Ensure makes all keys, certificates and kubeconfigs of the cluster, unless they are there for the same server already.
// The file `server` is written last and names the server: a run that was cut short starts again from the beginning.
func Ensure(plan parts.Plan) error {
	mark := filepath.Join("pki", "server")
	if done, err := os.ReadFile(mark); err == nil && string(done) == plan.Server() {
		return nil
	}
	if err := os.MkdirAll("pki", 0o700); err != nil {
		return err
	}
	ca, err := NewAuthority("pki", "fairway devcluster "+plan.Name)
	if err != nil {
		return err
	}
	loopback := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if err := ca.Server("apiserver", []string{
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	}, append(loopback, net.ParseIP(parts.ServiceIP))...); err != nil {
		return err
	}
	if err := ca.Server("kubelet", []string{"localhost"}, loopback...); err != nil {
		return err
	}
	if _, _, err := ca.Client("kubelet-client", "kube-apiserver", "system:masters"); err != nil {
		return err
	}
	if err := ServiceAccountKeys("pki"); err != nil {
		return err
	}
	for _, user := range []struct{ path, file, name, group string }{
		{"pki/kube-controller-manager.kubeconfig", "kube-controller-manager", "system:kube-controller-manager", ""},
		{"pki/kube-scheduler.kubeconfig", "kube-scheduler", "system:kube-scheduler", ""},
		{"pki/kwok.kubeconfig", "kwok", "kwok", "system:masters"},
		{"kubeconfig", "admin", "fairway-admin", "system:masters"},
	} {
		var groups []string
		if user.group != "" {
			groups = []string{user.group}
		}
		if err := ca.Kubeconfig(user.path, plan.Context, plan.Server(), user.file, user.name, groups...); err != nil {
			return err
		}
	}
	return os.WriteFile(mark, []byte(plan.Server()), 0o600)
}
