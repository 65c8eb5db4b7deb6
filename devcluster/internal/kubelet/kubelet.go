// Package kubelet answers the API server in the name of every simulated node. It only knows pod logs, which it makes up
// from the pod itself: its annotations say what it would have written.
package kubelet

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fairway.dev/devcluster/internal/client"
)

// Serve listens on loopback until the context's process ends; only the API server's client certificate is let in.
func Serve(ctx context.Context, port int, api *client.API) error {
	pair, err := tls.LoadX509KeyPair("pki/kubelet.crt", "pki/kubelet.key")
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return fmt.Errorf("the nodes' port is taken: %w", err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		serveLogs(w, r, api)
	})
	server := &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{pair},
			ClientCAs:    api.Roots(),
			ClientAuth:   tls.RequireAndVerifyClientCert,
			MinVersion:   tls.VersionTLS12,
			VerifyConnection: func(state tls.ConnectionState) error {
				if name := state.PeerCertificates[0].Subject.CommonName; name != "kube-apiserver" {
					return fmt.Errorf("%s is not the API server", name)
				}
				return nil
			},
		},
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return nil
}

func serveLogs(w http.ResponseWriter, r *http.Request, api *client.API) {
	namespace, name, container := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")
	var p pod
	if err := api.Get(r.Context(), "/api/v1/namespaces/"+namespace+"/pods/"+name, &p); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	query := r.URL.Query()
	lines, err := p.logs(container, query.Get("previous") == "true")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if tail, err := strconv.Atoi(query.Get("tailLines")); err == nil && tail >= 0 && tail < len(lines) {
		lines = lines[len(lines)-tail:]
	}
	stamp := ""
	if query.Get("timestamps") == "true" {
		stamp = p.Status.StartTime.UTC().Format(time.RFC3339Nano) + " "
	}
	for _, line := range lines {
		fmt.Fprintln(w, stamp+strings.TrimRight(line, "\r"))
	}
}
