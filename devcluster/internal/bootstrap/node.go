package bootstrap

import (
	"fmt"
	"runtime"

	"fairway.dev/devcluster/internal/parts"
)

type object = map[string]any

type node struct {
	name   string
	object object
}

// Node describes a simulated node: roomy, three zones in turn, and with the supervisor as its kubelet.
func Node(plan parts.Plan, index int) node {
	name := fmt.Sprintf("node-%d", index+1)
	room := object{"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}
	return node{name, object{
		"apiVersion": "v1",
		"kind":       "Node",
		"metadata": object{
			"name": name,
			"annotations": object{
				"kwok.x-k8s.io/node": "fake", // what kwok selects its nodes by
			},
			"labels": object{
				"kubernetes.io/hostname":        name,
				"kubernetes.io/os":              "linux",
				"kubernetes.io/arch":            runtime.GOARCH,
				"topology.kubernetes.io/region": "devcluster",
				"topology.kubernetes.io/zone":   fmt.Sprintf("devcluster-%c", 'a'+index%3),
			},
		},
		"status": object{
			"capacity":        room,
			"allocatable":     room,
			"addresses":       []object{{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}},
			"daemonEndpoints": object{"kubeletEndpoint": object{"Port": plan.NodePort}},
			"nodeInfo": object{
				"architecture":            runtime.GOARCH,
				"bootID":                  "",
				"containerRuntimeVersion": "kwok://" + plan.Kwok,
				"kernelVersion":           "simulated",
				"kubeProxyVersion":        plan.Kubernetes,
				"kubeletVersion":          plan.Kubernetes,
				"machineID":               "",
				"operatingSystem":         "linux",
				"osImage":                 "simulated by kwok",
				"systemUUID":              "",
			},
		},
	}}
}
