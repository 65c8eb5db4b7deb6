package kubelet

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLogs(t *testing.T) {
	const (
		running   = `{"name":"app","image":"web:1","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}`
		pulling   = `{"name":"app","state":{"waiting":{"reason":"ImagePullBackOff"}}}`
		crashed   = `{"name":"app","image":"web:1","state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}}`
		completed = `{"name":"app","image":"web:1","state":{"terminated":{"exitCode":0}}}`
	)
	for _, test := range []struct {
		name, status, annotation, container string
		previous                            bool
		want, wantError                     string
	}{
		{name: "runs", status: running, want: "simulated container app of image web:1 started"},
		{name: "completed", status: completed, want: "simulated container app of image web:1 started"},
		{name: "its own lines", status: running, annotation: "a\nb\n", want: "a|b"},
		{name: "crashed", status: crashed, want: "simulated container app of image web:1 started|fails because of the annotation devcluster.fairway.dev/fail: crash-loop"},
		{name: "crashed with lines", status: crashed, annotation: "boom", previous: true, want: "boom"},
		{name: "never ran", status: pulling, wantError: `container "app" in pod "p" is waiting to start: ImagePullBackOff`},
		{name: "no previous run", status: running, previous: true, wantError: "previous terminated container"},
		{name: "another container", status: running, container: "db", wantError: `container "db" in pod "p" is waiting to start`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p pod
			if err := json.Unmarshal([]byte(`{"metadata":{"name":"p"},"status":{"containerStatuses":[`+test.status+`]}}`), &p); err != nil {
				t.Fatal(err)
			}
			p.Metadata.Annotations = map[string]string{failAnnotation: "crash-loop", logAnnotation: test.annotation}
			container := test.container
			if container == "" {
				container = "app"
			}
			lines, err := p.logs(container, test.previous)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Fatalf("got %v, %v", lines, err)
				}
				return
			}
			if err != nil || strings.Join(lines, "|") != test.want {
				t.Errorf("got %q, %v", lines, err)
			}
		})
	}
}
