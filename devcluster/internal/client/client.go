// Package client speaks to the API server in plain HTTP and JSON: client-go would make the supervisor five times as large.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// API is the API server as seen with one client certificate.
type API struct {
	server string
	http   *http.Client
	roots  *x509.CertPool
}

// New reads the certificates; it does not connect.
func New(server, caFile, certFile, keyFile string) (*API, error) {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     10 * time.Second,
	}
	return &API{server: server, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}, roots: roots}, nil
}

// Roots is the cluster's certificate authority.
func (a *API) Roots() *x509.CertPool { return a.roots }

// Get decodes the JSON at path into target; target may be nil.
func (a *API) Get(ctx context.Context, path string, target any) error {
	return a.do(ctx, http.MethodGet, path, "", nil, target)
}

// Apply sends a server-side apply of a YAML or JSON document.
func (a *API) Apply(ctx context.Context, path string, document []byte) error {
	path += "?fieldManager=fairway-devcluster&force=true"
	return a.do(ctx, http.MethodPatch, path, "application/apply-patch+yaml", document, nil)
}

func (a *API) do(ctx context.Context, method, path, contentType string, body []byte, target any) error {
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, text)
	}
	if target == nil {
		return nil
	}
	return json.Unmarshal(text, target)
}
