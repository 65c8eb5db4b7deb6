package supervise

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
	"time"

	"fairway.dev/devcluster/internal/parts"
	"fairway.dev/devcluster/internal/status"
)

const (
	firstDelay  = 500 * time.Millisecond
	longestWait = 10 * time.Second
	healthyFor  = time.Minute // a part that ran this long starts again at once when it ends
)

// backoff is how long to wait before the next start after a run of that length.
func backoff(previous, ran time.Duration) time.Duration {
	if previous == 0 || ran >= healthyFor {
		return firstDelay
	}
	return min(2*previous, longestWait)
}

// keeper keeps one part running until its context ends.
type keeper struct {
	part    parts.Part
	board   *status.Board
	starter starter
	grace   time.Duration
	failed  chan<- string // told each time the part ends by itself
}

// run returns when the context has ended and the process is gone.
func (k keeper) run(ctx context.Context) {
	state := status.Part{Name: k.part.Name, Address: k.part.Address, Version: k.part.Version}
	var delay time.Duration
	for {
		began := time.Now()
		command, err := k.starter.start(k.part)
		reason := ""
		if err != nil {
			reason = err.Error()
		} else {
			state.State, state.Process = "running", identity(command.Process.Pid)
			k.board.Part(state)
			ended := wait(command)
			select {
			case err = <-ended:
				reason = exitReason(err)
			case <-ctx.Done():
				k.stop(command, ended, errors.Is(context.Cause(ctx), ErrDiscard))
				state.State, state.Process = "stopped", status.Process{}
				k.board.Part(state)
				return
			}
		}
		delay = backoff(delay, time.Since(began))
		state.State, state.Process, state.LastExit = "restarting", status.Process{}, reason
		state.Restarts++
		k.board.Part(state)
		k.board.Event(k.part.Name, "ended ("+reason+"), starting again in "+delay.String())
		select {
		case k.failed <- k.part.Name:
		default:
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return
		}
	}
}

func (k keeper) stop(command *exec.Cmd, ended <-chan error, discard bool) {
	if !discard {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			return
		case <-time.After(k.grace):
		}
	}
	_ = command.Process.Kill()
	<-ended
}

func wait(command *exec.Cmd) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	return ended
}
