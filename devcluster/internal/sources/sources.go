//go:build sources

// Package sources keeps the modules in go.mod whose YAML files, not whose code, are used: the CRDs of Gateway API and Istio.
package sources

import (
	_ "istio.io/api/networking/v1"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
