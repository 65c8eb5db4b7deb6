package supervise

import "syscall"

// childAttributes: a process group of its own, so that Ctrl-C in a terminal does not reach it, and death with the supervisor.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
