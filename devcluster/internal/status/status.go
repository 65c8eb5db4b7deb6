// Package status is the file by which the supervisor tells the command line how the cluster is. Only the supervisor writes it.
package status

import (
	"encoding/json"
	"os"
	"sync"
	"time"
)

// Phases of a cluster.
const (
	Starting = "starting"
	Ready    = "ready"
	Stopping = "stopping"
	Failed   = "failed"
)

// File is the content of status.json.
type File struct {
	Phase      string    `json:"phase"`
	Message    string    `json:"message"`
	Supervisor Process   `json:"supervisor"`
	StartedAt  time.Time `json:"started_at"`
	ReadyAt    time.Time `json:"ready_at,omitzero"`
	Parts      []Part    `json:"parts"`
	Events     []Event   `json:"events"`
}

// Process names a process beyond doubt: pids are used again, a pid with a start time is not.
type Process struct {
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

// Part is the state of one part of the cluster.
type Part struct {
	Process
	Name     string    `json:"name"`
	State    string    `json:"state"` // waiting, running, restarting, stopped
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	Address  string    `json:"address"`
	Version  string    `json:"version"`
	LastExit string    `json:"last_exit,omitempty"`
}

// Event is something that happened to a part and that somebody should hear of.
type Event struct {
	Time time.Time `json:"time"`
	Part string    `json:"part"`
	What string    `json:"what"`
}

const keptEvents = 50

// Board holds the current status and writes it, whole and atomically, on each change.
type Board struct {
	mu   sync.Mutex
	path string
	file File
}

// NewBoard starts a status file at path.
func NewBoard(path string, supervisor Process) *Board {
	b := &Board{path: path}
	b.file = File{Phase: Starting, Supervisor: supervisor, StartedAt: now(), Parts: []Part{}, Events: []Event{}}
	return b
}

// Phase sets what the cluster as a whole is doing.
func (b *Board) Phase(phase, message string) {
	b.change(func(f *File) {
		f.Phase, f.Message = phase, message
		if phase == Ready && f.ReadyAt.IsZero() {
			f.ReadyAt = now()
		}
	})
}

// Part replaces the state of the part of that name, or adds it.
func (b *Board) Part(part Part) {
	part.Since = now()
	b.change(func(f *File) {
		for i := range f.Parts {
			if f.Parts[i].Name == part.Name {
				f.Parts[i] = part
				return
			}
		}
		f.Parts = append(f.Parts, part)
	})
}

// Event adds a line to the history of the cluster; old lines go.
func (b *Board) Event(part, what string) {
	b.change(func(f *File) {
		f.Events = append(f.Events, Event{now(), part, what})
		if extra := len(f.Events) - keptEvents; extra > 0 {
			f.Events = f.Events[extra:]
		}
	})
}

func (b *Board) change(edit func(*File)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	edit(&b.file)
	text, err := json.MarshalIndent(b.file, "", "  ")
	if err != nil {
		return
	}
	// A full disk or a removed folder must not stop the cluster: the next change tries again.
	if os.WriteFile(b.path+".new", text, 0o600) == nil {
		_ = os.Rename(b.path+".new", b.path)
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
