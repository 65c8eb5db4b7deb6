// Package supervise owns the processes of one cluster: it starts them in order, starts again what ends, and stops all.
//
// The rule: no part outlives the supervisor, and the status file tells of everything that happened to a part.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"fairway.dev/devcluster/internal/bootstrap"
	"fairway.dev/devcluster/internal/client"
	"fairway.dev/devcluster/internal/kubelet"
	"fairway.dev/devcluster/internal/parts"
	"fairway.dev/devcluster/internal/pki"
	"fairway.dev/devcluster/internal/status"
)

const (
	grace        = 3 * time.Second
	startTimeout = 2 * time.Minute
	triesToStart = 4 // a part that ends this often before the cluster is ready will not come up
)

// ErrDiscard as the cause of the context's end: the data will be thrown away, so parts are killed instead of asked to stop.
var ErrDiscard = errors.New("discard")

// Run brings the cluster up and keeps it until the context ends. The working folder is the cluster's.
func Run(ctx context.Context, plan parts.Plan) error {
	board := status.NewBoard("status.json", identity(os.Getpid()))
	board.Phase(status.Starting, "making certificates")
	err := keep(ctx, plan, board)
	if err != nil {
		board.Phase(status.Failed, err.Error())
	}
	return err
}

func keep(ctx context.Context, plan parts.Plan, board *status.Board) error {
	if err := prepare(plan); err != nil {
		return err
	}
	all := parts.All(plan)
	for _, part := range all {
		board.Part(status.Part{Name: part.Name, State: "waiting", Address: part.Address, Version: part.Version})
	}
	go trimLogs(all)
	ctx, abandon := context.WithCancelCause(ctx)
	defer abandon(nil)
	go watchFolder(ctx, abandon)

	failed := make(chan string, 100)
	running := &stack{board: board, starter: newStarter(), failed: failed}
	defer func() {
		board.Phase(status.Stopping, "stopping")
		running.stopAll(context.Cause(ctx))
	}()

	starting, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready after %s", startTimeout))
	defer cancel()
	giveUp, stop := context.WithCancelCause(starting)
	defer stop(nil)
	go watchFailures(giveUp, failed, stop)

	if err := start(giveUp, plan, all, running, board); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		if cause := context.Cause(giveUp); cause != nil {
			return cause
		}
		return err
	}
	stop(nil)
	board.Phase(status.Ready, "ready")
	<-ctx.Done()
	return nil
}

func prepare(plan parts.Plan) error {
	if err := os.MkdirAll("logs", 0o700); err != nil {
		return err
	}
	if err := pki.Ensure(plan); err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	return os.WriteFile(parts.SchedulerConfigurationFile, []byte(parts.SchedulerConfiguration), 0o600)
}

func start(ctx context.Context, plan parts.Plan, all []parts.Part, running *stack, board *status.Board) error {
	api, err := client.New(plan.Server(), "pki/ca.crt", "pki/admin.crt", "pki/admin.key")
	if err != nil {
		return err
	}
	if err := kubelet.Serve(ctx, plan.NodePort, api); err != nil {
		return err
	}
	// The API server waits for etcd by itself, so both start at once; the others would only log errors meanwhile.
	board.Phase(status.Starting, "starting etcd and kube-apiserver")
	running.start(all[0])
	running.start(all[1])
	if err := bootstrap.WaitForServer(ctx, api); err != nil {
		return err
	}
	board.Phase(status.Starting, "starting the controllers, making nodes and custom resources")
	for _, part := range all[2:] {
		running.start(part)
	}
	if err := bootstrap.Install(ctx, api, plan); err != nil {
		return err
	}
	board.Phase(status.Starting, "waiting for nodes, service accounts and custom resources")
	return bootstrap.WaitUntilUsable(ctx, api, plan)
}

// watchFailures gives up when one part keeps ending while the cluster starts.
func watchFailures(ctx context.Context, failed <-chan string, stop context.CancelCauseFunc) {
	count := map[string]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case name := <-failed:
			if count[name]++; count[name] >= triesToStart {
				stop(fmt.Errorf("%s does not start: it ended %d times", name, count[name]))
			}
		}
	}
}

// watchFolder ends the cluster when somebody has removed its folder: nobody could find and stop it any more.
func watchFolder(ctx context.Context, abandon context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
			if _, err := os.Stat("cluster.json"); os.IsNotExist(err) {
				abandon(ErrDiscard)
				return
			}
		}
	}
}

// stack stops the parts in the reverse of the order in which they were started.
type stack struct {
	board   *status.Board
	starter starter
	failed  chan<- string
	stops   []func(cause error)
}

func (s *stack) start(part parts.Part) {
	ctx, cancel := context.WithCancelCause(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		keeper{part: part, board: s.board, starter: s.starter, grace: grace, failed: s.failed}.run(ctx)
	})
	s.stops = append(s.stops, func(cause error) { cancel(cause); done.Wait() })
}

func (s *stack) stopAll(cause error) {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i](cause)
	}
}
