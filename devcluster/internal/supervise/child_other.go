//go:build !linux

package supervise

import "syscall"

// childAttributes: a process group of its own. There is no death with the supervisor here; `up` and `down` find what is left over.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
