package bootstrap

import (
	"os"
	"path/filepath"
	"testing"

	"fairway.dev/devcluster/internal/parts"
)

func TestOnlyDefinitionsAreReadFromFilesOfManyDocuments(t *testing.T) {
	folder := t.TempDir()
	text := "# licence\n---\nkind: CustomResourceDefinition\nmetadata:\n  name: a.x\n---\nkind: Other\nmetadata: {name: b}\n--- # end\nkind: CustomResourceDefinition\nmetadata: {name: c.x}\n"
	if err := os.WriteFile(filepath.Join(folder, "all.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := readDefinitions(folder)
	if err != nil || len(found) != 2 || found["a.x"] == nil || found["c.x"] == nil {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestNodesAreSpreadOverThreeZones(t *testing.T) {
	zones := map[any]int{}
	for i := range 6 {
		zones[Node(parts.Plan{}, i).object["metadata"].(object)["labels"].(object)["topology.kubernetes.io/zone"]]++
	}
	if len(zones) != 3 || zones["devcluster-a"] != 2 {
		t.Errorf("zones %v", zones)
	}
}
