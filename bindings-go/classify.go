package circuitbreaker

import (
	"time"

	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/internal/machine"
)

// TransportError is what ended a call that got no status.
type TransportError int

const (
	// TransportConnect is a connection that was refused, or a host that was not found or not reached.
	TransportConnect TransportError = iota
	// TransportTLS is a TLS handshake that failed.
	TransportTLS
	// TransportReset is a connection that broke during the call.
	TransportReset
	// TransportTimeout is a deadline that passed.
	TransportTimeout
	// TransportCancelled is a caller who gave up.
	TransportCancelled
	// TransportInvalidRequest is a request that never left: a malformed address, say.
	TransportInvalidRequest
)

var transportErrorNames = []string{"connect", "tls", "reset", "timeout", "cancelled", "invalid_request"}

// String is "connect", "tls", "reset", "timeout", "cancelled" or "invalid_request".
func (e TransportError) String() string { return word(transportErrorNames, "TransportError", int(e)) }

// The tables are the core's, and so the same in every language of k1s0.

// ClassifyHTTPStatus is what an HTTP status says of the server's health. A 404 is a healthy server's answer; failures are
// 408, 429 and 5xx but 501 and 505, and numbers that HTTP does not have; 425 says nothing.
func ClassifyHTTPStatus(status int) Outcome {
	return stateless(func(core *machine.Module, _ *shard) Outcome {
		return Outcome(core.Xhttp_status(int32(status)))
	})
}

// ClassifyGRPCStatus is what a gRPC status says of the server's health. Failures are CANCELLED (of the server),
// UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS, and numbers that gRPC does not have.
func ClassifyGRPCStatus(code int) Outcome {
	return stateless(func(core *machine.Module, _ *shard) Outcome {
		return Outcome(core.Xgrpc_status(int32(code)))
	})
}

// ClassifyTransportError is what the end of a call without a status says of the server's health: a failure, but for what
// was the caller's own doing.
func ClassifyTransportError(kind TransportError) Outcome {
	return stateless(func(core *machine.Module, _ *shard) Outcome {
		return Outcome(core.Xtransport_error(int32(kind)))
	})
}

// HTTPRetryAfter is for how long an HTTP response asks not to be called: its Retry-After, where its status is 429 or 503. A
// date counts from the response's own Date.
func HTTPRetryAfter(status int, retryAfter, date string) (time.Duration, bool) {
	if retryAfter == "" {
		return 0, false
	}
	return asked(retryAfter+date, func(core *machine.Module) int32 {
		return core.Xretry_after(int32(status), int32(len(retryAfter)))
	})
}

// GRPCRetryPushback is for how long a gRPC response asks not to be called, by its grpc-retry-pushback-ms.
func GRPCRetryPushback(value string) (time.Duration, bool) {
	return asked(value, (*machine.Module).Xgrpc_retry_pushback)
}

// asked hands a text to the core, which reads a length of time in it.
func asked(text string, read func(*machine.Module) int32) (time.Duration, bool) {
	answer := stateless(func(core *machine.Module, shard *shard) *time.Duration {
		// A header is some bytes long; what is longer than any is none.
		if len(text) > 1024 {
			return nil
		}
		// The text may make the memory grow, so its place is looked up after it.
		at := uint32(core.Xtext_in(int32(len(text))))
		copy((*core.Slice())[at:], text)
		if read(core) == 0 {
			return nil
		}
		wait := duration(shard.number(shard.answer))
		return &wait
	})
	if answer == nil {
		return 0, false
	}
	return *answer, true
}

// stateless runs what is about no breaker.
func stateless[T any](run func(*machine.Module, *shard) T) T {
	shard := &shards[0]
	core := shard.open()
	defer shard.lock.Unlock()
	return run(core, shard)
}
