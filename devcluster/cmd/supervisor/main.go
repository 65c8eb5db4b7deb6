// The supervisor of one cluster: `supervisor FOLDER`, where FOLDER has the cluster.json that `fairway cluster up` wrote.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"fairway.dev/devcluster/internal/parts"
	"fairway.dev/devcluster/internal/supervise"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: supervisor FOLDER")
		os.Exit(64)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	// Everything of the cluster is named relative to its folder; see parts.EtcdSocket.
	if err := os.Chdir(folder); err != nil {
		return err
	}
	lock, err := os.OpenFile("supervisor.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another supervisor runs this cluster")
	}
	text, err := os.ReadFile("cluster.json")
	if err != nil {
		return err
	}
	var plan parts.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		return fmt.Errorf("cluster.json: %w", err)
	}
	return supervise.Run(untilSignal(), plan)
}

// untilSignal ends with SIGTERM, which stops the parts in order and keeps their data whole, or with SIGINT, which is for
// somebody who is about to remove the data. The terminal that started the cluster may close.
func untilSignal() context.Context {
	signal.Ignore(syscall.SIGHUP)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		if <-signals == syscall.SIGINT {
			cancel(supervise.ErrDiscard)
		}
		cancel(nil)
	}()
	return ctx
}
