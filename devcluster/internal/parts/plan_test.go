package parts

import (
	"path/filepath"
	"strings"
	"testing"
)

var plan = Plan{Name: "x", Bundle: "/cache/b", APIPort: 1234, NodePort: 1235, Nodes: 3, MaxMemory: 300}

func TestPartsStartInTheOrderInWhichTheyNeedEachOther(t *testing.T) {
	var names []string
	for _, part := range All(plan) {
		names = append(names, part.Name)
	}
	if got := strings.Join(names, " "); got != "etcd kube-apiserver kube-controller-manager kube-scheduler kwok" {
		t.Error(got)
	}
}

// A socket's path may have 107 bytes, a cluster's folder may be deep: parts run in the folder and name files relative to it.
func TestNoPartIsGivenAPathOutsideTheBundleAndTheFolder(t *testing.T) {
	for _, part := range All(plan) {
		if !strings.HasPrefix(part.Program, plan.Bundle) {
			t.Errorf("%s runs %s", part.Name, part.Program)
		}
		for _, arg := range part.Args {
			_, value, _ := strings.Cut(arg, "=")
			if filepath.IsAbs(value) && !strings.HasPrefix(value, plan.Bundle) {
				t.Errorf("%s has %s", part.Name, arg)
			}
		}
	}
}

func TestNothingListensBeyondLoopback(t *testing.T) {
	want := map[string]string{
		"etcd":                    "--listen-client-urls=unix://etcd.sock",
		"kube-apiserver":          "--bind-address=127.0.0.1",
		"kube-controller-manager": "--secure-port=0",
		"kube-scheduler":          "--secure-port=0",
	}
	for _, part := range All(plan) {
		if flag := want[part.Name]; flag != "" && !strings.Contains(strings.Join(part.Args, "\n")+"\n", flag+"\n") {
			t.Errorf("%s lacks %s", part.Name, flag)
		}
	}
}

func TestTheMemoryLimitReachesTheAPIServer(t *testing.T) {
	if env := strings.Join(apiserver(plan).Env, " "); !strings.Contains(env, "GOMEMLIMIT=300MiB") {
		t.Error(env)
	}
	unlimited := plan
	unlimited.MaxMemory = 0
	if env := strings.Join(apiserver(unlimited).Env, " "); strings.Contains(env, "GOMEMLIMIT") {
		t.Error(env)
	}
}
