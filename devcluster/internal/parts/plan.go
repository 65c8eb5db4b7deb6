// Package parts says how each part of the cluster is started. It only builds command lines: nothing here touches the machine.
package parts

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// Plan is what `up` decided about one cluster; it is read from cluster.json. All paths inside the cluster's folder are relative to it.
type Plan struct {
	Name       string `json:"name"`
	Bundle     string `json:"bundle"`       // folder with the built programs, stages/ and crds/
	APIPort    int    `json:"api_port"`     // loopback port of kube-apiserver
	NodePort   int    `json:"node_port"`    // loopback port where the supervisor answers as every node's kubelet
	Nodes      int    `json:"nodes"`        // simulated nodes
	Kubernetes string `json:"kubernetes"`   // version of the control plane, such as v1.36.3
	Etcd       string `json:"etcd"`         // version of etcd
	Kwok       string `json:"kwok"`         // version of kwok
	Context    string `json:"context"`      // context, cluster and user name in the kubeconfig
	MaxMemory  int    `json:"memory_limit"` // MiB that the Go run time of the API server aims to stay under; 0 = no limit
}

// Server is the URL of the API server.
func (p Plan) Server() string { return "https://127.0.0.1:" + strconv.Itoa(p.APIPort) }

// Part is one process of the cluster.
type Part struct {
	Name    string
	Program string
	Args    []string
	Env     []string
	Address string
	Version string
}

// ServiceIP is the address of the `kubernetes` Service: the first of the range below.
const (
	ServiceIP    = "10.96.0.1"
	serviceRange = "10.96.0.0/16"
	podRange     = "10.244.0.0/16"

	// EtcdSocket is relative to the cluster's folder: an absolute path may exceed the 107 bytes that a socket's may have,
	// and etcd takes no folder in it.
	EtcdSocket = "etcd.sock"
	// SchedulerConfigurationFile is written by the supervisor before the scheduler starts.
	SchedulerConfigurationFile = "scheduler.yaml"
)

// All lists the parts in the order in which they start; they stop in the reverse order.
func All(p Plan) []Part {
	return []Part{etcd(p), apiserver(p), controllerManager(p), scheduler(p), kwok(p)}
}

func controlPlane(p Plan, name, address, version string, args []string, env ...string) Part {
	return Part{
		Name:    name,
		Program: filepath.Join(p.Bundle, "control-plane"),
		Args:    append([]string{name}, args...),
		Env:     env,
		Address: address,
		Version: version,
	}
}

// etcd listens on Unix sockets inside the cluster's folder (mode 0700): nobody else on the machine can reach the data.
// No fsync: the data of a development cluster may be lost with the machine, never with the process.
func etcd(p Plan) Part {
	return controlPlane(p, "etcd", EtcdSocket, p.Etcd, []string{
		"--name=" + p.Name,
		"--data-dir=etcd",
		"--listen-client-urls=unix://" + EtcdSocket,
		"--listen-peer-urls=unix://etcd-peer.sock",
		// etcd refuses to advertise a socket; with one member nobody ever dials these.
		"--advertise-client-urls=http://127.0.0.1:2379",
		"--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=" + p.Name + "=http://127.0.0.1:2380",
		"--unsafe-no-fsync",
		"--log-level=warn",
		"--snapshot-count=5000",
		"--enable-grpc-gateway=false",
	}, "GOGC=50")
}

func apiserver(p Plan) Part {
	env := []string{"GOGC=75"}
	if p.MaxMemory > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%dMiB", p.MaxMemory))
	}
	return controlPlane(p, "kube-apiserver", p.Server(), p.Kubernetes, []string{
		"--etcd-servers=unix://" + EtcdSocket,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(p.APIPort),
		"--endpoint-reconciler-type=none", // a loopback address is not a valid endpoint
		"--tls-cert-file=pki/apiserver.crt",
		"--tls-private-key-file=pki/apiserver.key",
		"--client-ca-file=pki/ca.crt",
		"--kubelet-client-certificate=pki/kubelet-client.crt",
		"--kubelet-client-key=pki/kubelet-client.key",
		"--kubelet-certificate-authority=pki/ca.crt",
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=pki/service-account.pub",
		"--service-account-signing-key-file=pki/service-account.key",
		"--service-cluster-ip-range=" + serviceRange,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--max-requests-inflight=2000",
		"--max-mutating-requests-inflight=1000",
		"--delete-collection-workers=4",
		"--event-ttl=30m",
		"--shutdown-delay-duration=0s",
		"--profiling=false",
	}, env...)
}

func controllerManager(p Plan) Part {
	return controlPlane(p, "kube-controller-manager", "", p.Kubernetes, []string{
		"--kubeconfig=pki/kube-controller-manager.kubeconfig",
		"--authentication-kubeconfig=pki/kube-controller-manager.kubeconfig",
		"--authorization-kubeconfig=pki/kube-controller-manager.kubeconfig",
		"--secure-port=0",
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=pki/service-account.key",
		"--root-ca-file=pki/ca.crt",
		"--cluster-signing-cert-file=pki/ca.crt",
		"--cluster-signing-key-file=pki/ca.key",
		"--cluster-cidr=" + podRange,
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
		"--concurrent-deployment-syncs=10",
		"--concurrent-replicaset-syncs=10",
		"--concurrent-namespace-syncs=20",
		"--concurrent-gc-syncs=20",
		"--profiling=false",
	}, "GOGC=75")
}

func scheduler(p Plan) Part {
	return controlPlane(p, "kube-scheduler", "", p.Kubernetes, []string{
		"--config=" + SchedulerConfigurationFile,
		"--secure-port=0",
	}, "GOGC=75")
}

// SchedulerConfiguration is the content of scheduler.yaml: the client limits have no flag any more.
const SchedulerConfiguration = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection:
  kubeconfig: pki/kube-scheduler.kubeconfig
  qps: 1000
  burst: 2000
leaderElection:
  leaderElect: false
enableProfiling: false
`

// kwok needs its own program: linked with the others it fails on a second definition of global flags.
func kwok(p Plan) Part {
	return Part{
		Name:    "kwok",
		Program: filepath.Join(p.Bundle, "kwok"),
		Args: []string{
			"--kubeconfig=pki/kwok.kubeconfig",
			"--config=" + filepath.Join(p.Bundle, "stages.yaml"),
			"--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
			"--node-ip=127.0.0.1",
			"--cidr=" + podRange,
			"--node-lease-duration-seconds=40",
		},
		Env:     []string{"GOGC=75"},
		Version: p.Kwok,
	}
}
