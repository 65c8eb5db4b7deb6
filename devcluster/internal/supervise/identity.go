package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"fairway.dev/devcluster/internal/status"
)

// identity reads when a process started; the command line compares it before it sends a signal to the pid.
// The text is compared, never parsed: boot and clock ticks since then on Linux, a date elsewhere.
func identity(pid int) status.Process {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		// The second field is the program's name in brackets and may contain anything, brackets too.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 19 {
			boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
			return status.Process{PID: pid, Start: strings.TrimSpace(string(boot)) + "/" + fields[19]}
		}
	}
	ps := exec.Command("ps", "-o", "lstart=", "-p", fmt.Sprint(pid))
	ps.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"} // the command line asks in the same words
	text, _ := ps.Output()
	return status.Process{PID: pid, Start: strings.TrimSpace(string(text))}
}
