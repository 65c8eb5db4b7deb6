package kubelet

import (
	"fmt"
	"strings"
	"time"
)

// Annotations on a pod; docs/spec/cluster.md is their contract. The stages in stages/ act on the same ones.
const (
	failAnnotation = "devcluster.fairway.dev/fail"
	logAnnotation  = "devcluster.fairway.dev/log"
)

type pod struct {
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Status struct {
		StartTime             time.Time
		ContainerStatuses     []containerStatus
		InitContainerStatuses []containerStatus
	}
}

type containerStatus struct {
	Name         string
	Image        string
	RestartCount int
	State        containerState
	LastState    containerState
}

type containerState struct {
	Waiting    *struct{ Reason string }
	Running    *struct{ StartedAt time.Time }
	Terminated *struct{ ExitCode int }
}

// logs are the lines that the container would have written; an error, worded as the kubelet's, when it never ran.
func (p pod) logs(container string, previous bool) ([]string, error) {
	for _, status := range append(p.Status.ContainerStatuses, p.Status.InitContainerStatuses...) {
		if status.Name == container {
			return p.linesOf(status, previous)
		}
	}
	return nil, fmt.Errorf("container %q in pod %q is waiting to start: ContainerCreating", container, p.Metadata.Name)
}

func (p pod) linesOf(status containerStatus, previous bool) ([]string, error) {
	if previous && status.LastState.Terminated == nil {
		return nil, fmt.Errorf("previous terminated container %q in pod %q not found", status.Name, p.Metadata.Name)
	}
	ran := status.State.Running != nil || status.State.Terminated != nil || status.LastState.Terminated != nil
	if !ran {
		reason := "ContainerCreating"
		if status.State.Waiting != nil {
			reason = status.State.Waiting.Reason
		}
		return nil, fmt.Errorf("container %q in pod %q is waiting to start: %s", status.Name, p.Metadata.Name, reason)
	}
	if text := p.Metadata.Annotations[logAnnotation]; text != "" {
		return strings.Split(strings.TrimRight(text, "\n"), "\n"), nil
	}
	lines := []string{fmt.Sprintf("simulated container %s of image %s started", status.Name, status.Image)}
	failed := status.State.Terminated != nil && status.State.Terminated.ExitCode != 0 ||
		status.LastState.Terminated != nil && status.LastState.Terminated.ExitCode != 0
	if failed {
		lines = append(lines, "fails because of the annotation "+failAnnotation+": "+p.Metadata.Annotations[failAnnotation])
	}
	return lines, nil
}
