// Package httpbreaker guards the requests of an [http.Client] with a circuit breaker.
//
//	client := &http.Client{Transport: httpbreaker.NewTransport(breaker)}
//
// A call is settled by the head of its response: by the status, as the same table says in every language of k1s0 (a 404 is
// a healthy server's answer, a 503 is not), with the Retry-After of a 429 or 503. What happens to the body later counts
// nowhere. Without a response it is settled by what went wrong. A request whose own context was cancelled counts as
// cancelled; a deadline that passed, [http.Client.Timeout] too, is a failure.
//
// A rejected request reaches no socket. The error of the client is a *url.Error around a [*circuitbreaker.OpenError], so
// errors.Is(err, circuitbreaker.ErrOpen) is true.
package httpbreaker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// Transport is an [http.RoundTripper] that guards each request. Set Breaker or BreakerFor; it must not be changed after its
// first use, and any number of goroutines may use it.
type Transport struct {
	// Base makes the requests that are admitted; nil is [http.DefaultTransport].
	Base http.RoundTripper
	// Breaker guards every request.
	Breaker *circuitbreaker.CircuitBreaker
	// BreakerFor finds the breaker for a request, where there is more than one: see [PerHost]. Without a breaker and
	// without an error, the request is not guarded.
	BreakerFor func(*http.Request) (*circuitbreaker.CircuitBreaker, error)
	// Classify says how a call counts, instead of the table. It is given a response or an error, as RoundTrip returns
	// them, and must not touch the body. It is not asked where the request's own context was cancelled.
	Classify func(*http.Response, error) circuitbreaker.Outcome
}

// NewTransport guards requests through [http.DefaultTransport] with one breaker.
func NewTransport(breaker *circuitbreaker.CircuitBreaker) *Transport {
	return &Transport{Breaker: breaker}
}

// PerHost is for [Transport.BreakerFor]: each host and port has a breaker of its own, by that name.
func PerHost(registry *circuitbreaker.Registry) func(*http.Request) (*circuitbreaker.CircuitBreaker, error) {
	return func(request *http.Request) (*circuitbreaker.CircuitBreaker, error) {
		return registry.Get(request.URL.Host)
	}
}

// RoundTrip makes the request if it is admitted.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	breaker, err := t.breakerFor(request)
	if err != nil {
		return nil, refuse(request, err)
	}
	if breaker == nil {
		return t.base().RoundTrip(request)
	}
	permit, err := breaker.TryAcquire()
	if err != nil {
		return nil, refuse(request, err)
	}
	// Where the base panics; otherwise the permit is settled by then.
	defer permit.Failure()
	response, err := t.base().RoundTrip(request)
	t.settle(&permit, request, response, err)
	return response, err
}

// CloseIdleConnections closes those of the base, as [http.Client.CloseIdleConnections] expects.
func (t *Transport) CloseIdleConnections() {
	if base, can := t.base().(interface{ CloseIdleConnections() }); can {
		base.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

func (t *Transport) breakerFor(request *http.Request) (*circuitbreaker.CircuitBreaker, error) {
	if t.BreakerFor == nil || request.URL == nil {
		return t.Breaker, nil
	}
	return t.BreakerFor(request)
}

// refuse closes the body, as a RoundTripper must also where it fails.
func refuse(request *http.Request, err error) error {
	if request.Body != nil {
		request.Body.Close()
	}
	return err
}

func (t *Transport) settle(
	permit *circuitbreaker.Permit, request *http.Request, response *http.Response, err error,
) {
	switch {
	case err != nil && request.Context().Err() == context.Canceled:
		permit.Cancel()
	case err != nil && t.Classify == nil:
		permit.Settle(circuitbreaker.ClassifyTransportError(transportError(request, err)))
	case err != nil:
		permit.Settle(t.Classify(nil, err))
	default:
		t.settleResponse(permit, response)
	}
}

func (t *Transport) settleResponse(permit *circuitbreaker.Permit, response *http.Response) {
	var outcome circuitbreaker.Outcome
	if t.Classify != nil {
		outcome = t.Classify(response, nil)
	} else {
		outcome = circuitbreaker.ClassifyHTTPStatus(response.StatusCode)
	}
	header := response.Header
	wait, asked := circuitbreaker.HTTPRetryAfter(response.StatusCode, header.Get("Retry-After"), header.Get("Date"))
	if asked {
		permit.SettleAfter(outcome, wait)
	} else {
		permit.Settle(outcome)
	}
}

// transportError is which one it is, of those that core knows.
func transportError(request *http.Request, err error) circuitbreaker.TransportError {
	var operation *net.OpError
	var lookup *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case request.URL == nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https":
		return circuitbreaker.TransportInvalidRequest
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return circuitbreaker.TransportTimeout
	case errors.As(err, &lookup), errors.As(err, &operation) && operation.Op == "dial":
		return circuitbreaker.TransportConnect
	case isTLS(err):
		return circuitbreaker.TransportTLS
	default:
		return circuitbreaker.TransportReset
	}
}

func isTLS(err error) bool {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &alert) || errors.As(err, &record) || errors.As(err, &verification) ||
		errors.As(err, &authority)
}
