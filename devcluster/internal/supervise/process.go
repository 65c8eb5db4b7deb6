package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"fairway.dev/devcluster/internal/parts"
)

const logLimit = 20 << 20

// starter starts processes from one thread that lives as long as the supervisor: on Linux a child is killed when the
// *thread* that started it ends, and Go ends threads at will.
type starter chan func()

func newStarter() starter {
	requests := make(starter)
	go func() {
		runtime.LockOSThread()
		for request := range requests {
			request()
		}
	}()
	return requests
}

// start runs the part with its output appended to logs/NAME.log.
func (s starter) start(part parts.Part) (*exec.Cmd, error) {
	output, err := openLog(part.Name)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	command := exec.Command(part.Program, part.Args...)
	command.Env = append(environment(), part.Env...)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = childAttributes()
	started := make(chan error)
	s <- func() { started <- command.Start() }
	if err := <-started; err != nil {
		return nil, err
	}
	return command, nil
}

// environment keeps what a program needs to find itself at home, and nothing that would change a part's behaviour
// (proxies, KUBECONFIG, GOMAXPROCS and the like).
func environment() []string {
	var kept []string
	for _, name := range []string{"PATH", "HOME", "USER", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

func openLog(name string) (*os.File, error) {
	path := filepath.Join("logs", name+".log")
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// trimLogs keeps one older copy of each log that has grown too long. The parts append, so the file can be cut under them.
func trimLogs(all []parts.Part) {
	for range time.Tick(time.Minute) {
		for _, part := range all {
			path := filepath.Join("logs", part.Name+".log")
			if info, err := os.Stat(path); err != nil || info.Size() < logLimit {
				continue
			}
			if text, err := os.ReadFile(path); err == nil {
				_ = os.WriteFile(path+".1", text, 0o600)
				_ = os.Truncate(path, 0)
			}
		}
	}
}

func exitReason(err error) string {
	if err == nil {
		return "exit code 0"
	}
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() >= 0 {
		return fmt.Sprintf("exit code %d", exit.ExitCode())
	}
	return err.Error() // "signal: killed"
}
