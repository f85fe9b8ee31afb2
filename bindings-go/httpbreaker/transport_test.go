package httpbreaker_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/httpbreaker"
)

// A service answers with the status that its path names, and with further doings.
func service(t *testing.T) (*httptest.Server, *atomic.Int64) {
	var requests atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/status/{status}", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		if wait := r.URL.Query().Get("wait"); wait != "" {
			w.Header().Set("Retry-After", wait)
		}
		status, _ := strconv.Atoi(r.PathValue("status"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "what it says")
	})
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		<-r.Context().Done()
	})
	mux.HandleFunc("/reset", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		connection, _, _ := http.NewResponseController(w).Hijack()
		_ = connection.(*net.TCPConn).SetLinger(0)
		connection.Close()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, &requests
}

func guarded(t *testing.T, cfg circuitbreaker.Config) (*http.Client, *circuitbreaker.CircuitBreaker) {
	cb := circuitbreaker.New(cfg)
	transport := httpbreaker.NewTransport(cb)
	transport.Base = http.DefaultTransport.(*http.Transport).Clone()
	client := &http.Client{Transport: transport}
	t.Cleanup(client.CloseIdleConnections)
	return client, cb
}

func get(t *testing.T, client *http.Client, url string) (int, error) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || len(body) == 0 && response.StatusCode != 204 {
		t.Errorf("%q %v", body, err)
	}
	return response.StatusCode, nil
}

func TestStatuses(t *testing.T) {
	server, requests := service(t)
	client, cb := guarded(t, circuitbreaker.Config{FailureThreshold: 3, Timeout: time.Hour})
	for _, status := range []string{"200", "404", "425", "501", "503", "500"} {
		if got, err := get(t, client, server.URL+"/status/"+status); err != nil || strconv.Itoa(got) != status {
			t.Fatal(got, err)
		}
	}
	metrics := cb.Metrics()
	if metrics.SuccessCount != 3 || metrics.IgnoredCount != 1 || metrics.FailureCount != 2 {
		t.Errorf("%+v", metrics)
	}
	_, _ = get(t, client, server.URL+"/status/502")
	before := requests.Load()
	_, err := get(t, client, server.URL+"/status/200")
	var open *circuitbreaker.OpenError
	if !errors.Is(err, circuitbreaker.ErrOpen) || !errors.As(err, &open) {
		t.Fatal(err)
	}
	if wait, known := open.RetryAfter(); !known || wait > time.Hour || wait < time.Hour-time.Minute {
		t.Error(wait, known)
	}
	if requests.Load() != before {
		t.Error("a rejected request reached the server")
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	server, _ := service(t)
	client, cb := guarded(t, circuitbreaker.Config{FailureThreshold: 1, Timeout: time.Second})
	if _, err := get(t, client, server.URL+"/status/503?wait=120"); err != nil {
		t.Fatal(err)
	}
	metrics := cb.Metrics()
	if wait, _ := metrics.RemainingWait(); wait < time.Minute || wait > 2*time.Minute {
		t.Errorf("it waits %v", wait)
	}
}

// Every body is closed exactly as net/http users expect, also that of a rejected request.
type body struct {
	io.Reader
	closed atomic.Bool
}

func (b *body) Close() error { b.closed.Store(true); return nil }

func TestBodiesAreClosed(t *testing.T) {
	server, _ := service(t)
	client, cb := guarded(t, circuitbreaker.Config{})
	for _, open := range []bool{false, true} {
		if open {
			cb.ForceOpen()
		}
		sent := &body{Reader: strings.NewReader("something")}
		response, err := client.Post(server.URL+"/status/200", "text/plain", sent)
		if open != errors.Is(err, circuitbreaker.ErrOpen) {
			t.Fatal(err)
		}
		if err == nil {
			response.Body.Close()
		}
		if !sent.closed.Load() {
			t.Errorf("open %v: the body is not closed", open)
		}
	}
}

func TestErrorsOfTheTransport(t *testing.T) {
	server, _ := service(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tlsServer := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tlsServer.Close)
	tlsServer.Config.ErrorLog = nil
	for name, each := range map[string]struct {
		url  string
		want func(circuitbreaker.Metrics) uint64
	}{
		"refused":             {"http://" + closed.Addr().String(), failures},
		"reset":               {server.URL + "/reset", failures},
		"timeout":             {server.URL + "/hang", failures},
		"unknown certificate": {tlsServer.URL, failures},
		"plain where TLS is":  {strings.Replace(server.URL, "http:", "https:", 1), failures},
		"a scheme of no kind": {"nothing://localhost/", ignored},
		"no host":             {"http:///path", ignored},
	} {
		t.Run(name, func(t *testing.T) {
			client, cb := guarded(t, circuitbreaker.Config{})
			client.Timeout = 200 * time.Millisecond
			if _, err := client.Get(each.url); err == nil {
				t.Fatal("no error")
			}
			if metrics := cb.Metrics(); each.want(metrics) != 1 {
				t.Errorf("%+v", metrics)
			}
		})
	}
}

func failures(m circuitbreaker.Metrics) uint64 { return m.FailureCount }
func ignored(m circuitbreaker.Metrics) uint64  { return m.IgnoredCount }

func TestCancellation(t *testing.T) {
	server, requests := service(t)
	client, cb := guarded(t, circuitbreaker.Config{FailureThreshold: 1})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for requests.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/hang", nil)
	if _, err := client.Do(request); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if metrics := cb.Metrics(); metrics.CancelledCount != 1 || metrics.FailureCount != 0 {
		t.Errorf("%+v", metrics)
	}
}

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { panic("broken") }

func TestABaseThatPanics(t *testing.T) {
	cb := circuitbreaker.New(circuitbreaker.Config{FailureThreshold: 1})
	transport := &httpbreaker.Transport{Base: broken{}, Breaker: cb}
	func() {
		defer func() {
			if recover() != "broken" {
				t.Error("another panic")
			}
		}()
		_, _ = transport.RoundTrip(httptest.NewRequest(http.MethodGet, "http://localhost/", nil))
	}()
	if !cb.IsOpen() {
		t.Error(cb.Explain())
	}
}

func TestPerHost(t *testing.T) {
	sick, _ := service(t)
	well, _ := service(t)
	registry, err := circuitbreaker.NewRegistry(circuitbreaker.Config{FailureThreshold: 1})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &httpbreaker.Transport{BreakerFor: httpbreaker.PerHost(registry)}}
	_, _ = get(t, client, sick.URL+"/status/500")
	if _, err := get(t, client, sick.URL+"/status/200"); !errors.Is(err, circuitbreaker.ErrOpen) {
		t.Error(err)
	}
	if _, err := get(t, client, well.URL+"/status/200"); err != nil {
		t.Error(err)
	}
	if registry.Len() != 2 {
		t.Error(registry.Len())
	}
}

func TestClassify(t *testing.T) {
	server, _ := service(t)
	client, cb := guarded(t, circuitbreaker.Config{FailureThreshold: 1})
	client.Transport.(*httpbreaker.Transport).Classify = func(response *http.Response, err error) circuitbreaker.Outcome {
		if err == nil && response.StatusCode == http.StatusNotFound {
			return circuitbreaker.Failure
		}
		return circuitbreaker.Ignored
	}
	_, _ = get(t, client, server.URL+"/status/500")
	if metrics := cb.Metrics(); metrics.IgnoredCount != 1 {
		t.Errorf("%+v", metrics)
	}
	_, _ = get(t, client, server.URL+"/status/404")
	if !cb.IsOpen() {
		t.Error("it is", cb.State())
	}
}
