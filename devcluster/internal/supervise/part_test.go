package supervise

import (
	"os"
	"testing"
	"time"
)

func TestAPartThatKeepsEndingWaitsLongerAndLonger(t *testing.T) {
	var delay, total time.Duration
	for range 20 {
		next := backoff(delay, time.Second)
		if next < delay || next > longestWait {
			t.Fatalf("after %s came %s", delay, next)
		}
		delay, total = next, total+next
	}
	if delay != longestWait {
		t.Errorf("ended at %s, want %s", delay, longestWait)
	}
}

func TestAPartThatRanWellStartsAgainAtOnce(t *testing.T) {
	if got := backoff(longestWait, healthyFor); got != firstDelay {
		t.Errorf("got %s", got)
	}
}

func TestAProcessHasAnIdentityUntilItIsGone(t *testing.T) {
	me := identity(os.Getpid())
	if me.PID != os.Getpid() || me.Start == "" || me != identity(os.Getpid()) {
		t.Errorf("identity is %+v", me)
	}
	if nobody := identity(1 << 22); nobody.Start != "" {
		t.Errorf("a pid that cannot be has start time %q", nobody.Start)
	}
}
