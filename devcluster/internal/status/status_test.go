package status

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func read(t *testing.T, path string) File {
	t.Helper()
	var file File
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheBoardReplacesAPartByNameAndKeepsTheLastEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "status.json")
	board := NewBoard(path, Process{PID: 1, Start: "2"})
	board.Part(Part{Name: "etcd", State: "waiting"})
	board.Part(Part{Name: "kwok", State: "waiting"})
	board.Part(Part{Name: "etcd", State: "running", Restarts: 1})
	for i := range keptEvents + 3 {
		board.Event("etcd", fmt.Sprint(i))
	}
	board.Phase(Ready, "ready")
	file := read(t, path)
	if len(file.Parts) != 2 || file.Parts[0].State != "running" || file.Parts[0].Restarts != 1 {
		t.Errorf("parts %+v", file.Parts)
	}
	if len(file.Events) != keptEvents || file.Events[0].What != "3" {
		t.Errorf("%d events, first %+v", len(file.Events), file.Events[0])
	}
	if file.Phase != Ready || file.ReadyAt.IsZero() || file.Supervisor.Start != "2" {
		t.Errorf("file %+v", file)
	}
}

func TestAFolderThatIsGoneDoesNotStopTheBoard(t *testing.T) {
	NewBoard(filepath.Join(t.TempDir(), "gone", "status.json"), Process{}).Phase(Ready, "ready")
}
