// Package bootstrap puts into a fresh API server what makes it a cluster that charts can be installed into: nodes and the
// custom resource definitions of Gateway API and Istio. Every step can be repeated; each start of the cluster does.
package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"fairway.dev/devcluster/internal/client"
	"fairway.dev/devcluster/internal/parts"
)

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// WaitForServer returns when the API server says that it is ready.
func WaitForServer(ctx context.Context, api *client.API) error {
	return until(ctx, 50*time.Millisecond, func() error { return api.Get(ctx, "/readyz", nil) })
}

// Install applies the nodes, the default storage class and the custom resource definitions.
func Install(ctx context.Context, api *client.API, plan parts.Plan) error {
	definitions, err := readDefinitions(filepath.Join(plan.Bundle, "crds"))
	if err != nil {
		return err
	}
	work := make(map[string][]byte, len(definitions)+plan.Nodes)
	for name, document := range definitions {
		work[crds+"/"+name] = document
	}
	path, class, err := storageClass()
	if err != nil {
		return err
	}
	work[path] = class
	for i := range plan.Nodes {
		node := Node(plan, i)
		if work["/api/v1/nodes/"+node.name], err = json.Marshal(node.object); err != nil {
			return err
		}
	}
	return applyAll(ctx, api, work)
}

// WaitUntilUsable returns when pods can be created, are scheduled, and all custom resources are served.
func WaitUntilUsable(ctx context.Context, api *client.API, plan parts.Plan) error {
	return until(ctx, 100*time.Millisecond, func() error {
		if err := api.Get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil); err != nil {
			return err
		}
		if err := allTrue(ctx, api, "/api/v1/nodes", "Ready", plan.Nodes); err != nil {
			return err
		}
		return allTrue(ctx, api, crds, "Established", 1)
	})
}

func until(ctx context.Context, pause time.Duration, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last answer: %w", context.Cause(ctx), err)
		case <-time.After(pause):
		}
	}
}

func applyAll(ctx context.Context, api *client.API, work map[string][]byte) error {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		first error
		slots = make(chan struct{}, 4)
	)
	for path, document := range work {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := api.Apply(ctx, path, document); err != nil {
				mu.Lock()
				first = err
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return first
}

// allTrue fails unless there are at least `least` objects and each has the condition.
func allTrue(ctx context.Context, api *client.API, path, condition string, least int) error {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				Conditions []struct{ Type, Status string }
			}
		}
	}
	if err := api.Get(ctx, path, &list); err != nil {
		return err
	}
	if len(list.Items) < least {
		return fmt.Errorf("%s: %d of %d", path, len(list.Items), least)
	}
	for _, item := range list.Items {
		holds := false
		for _, c := range item.Status.Conditions {
			holds = holds || c.Type == condition && c.Status == "True"
		}
		if !holds {
			return fmt.Errorf("%s is not %s", item.Metadata.Name, condition)
		}
	}
	return nil
}

// readDefinitions reads every YAML document with kind CustomResourceDefinition below folder, by name.
func readDefinitions(folder string) (map[string][]byte, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, document := range strings.Split("\n"+string(text), "\n---") {
			var head struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(document), &head); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if head.Kind == "CustomResourceDefinition" {
				found[head.Metadata.Name] = []byte(document)
			}
		}
	}
	return found, nil
}
