package otelbreaker

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// namesakes are the metrics of the breakers that have one name.
type namesakes struct {
	name    string
	metrics []circuitbreaker.Metrics
}

func (n namesakes) with(attributes []attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, attribute.String("name", n.name))...)
}

func (n namesakes) sum(count func(*circuitbreaker.Metrics) uint64) uint64 {
	var sum uint64
	for place := range n.metrics {
		sum += count(&n.metrics[place])
	}
	return sum
}

// A reading shows values, each with its attributes.
type reading[V any] func(found namesakes, show func(value V, attributes ...attribute.KeyValue))

// counts are the readings that are whole numbers, by the instrument's name.
var counts = map[string]reading[uint64]{
	"circuit_breaker.calls": func(found namesakes, show func(uint64, ...attribute.KeyValue)) {
		for outcome := circuitbreaker.Success; outcome <= circuitbreaker.Cancelled; outcome++ {
			show(found.sum(func(m *circuitbreaker.Metrics) uint64 {
				return [...]uint64{m.SuccessCount, m.FailureCount, m.IgnoredCount, m.CancelledCount}[outcome]
			}), attribute.String("outcome", outcome.String()))
		}
	},
	"circuit_breaker.rejections": byReason(func(m *circuitbreaker.Metrics) circuitbreaker.ByReason {
		return m.RejectedByReason
	}),
	"circuit_breaker.would_reject": byReason(func(m *circuitbreaker.Metrics) circuitbreaker.ByReason {
		return m.WouldRejectByReason
	}),
	"circuit_breaker.slow_calls": func(found namesakes, show func(uint64, ...attribute.KeyValue)) {
		show(found.sum(func(m *circuitbreaker.Metrics) uint64 { return m.SlowCount }))
	},
	"circuit_breaker.transitions": func(found namesakes, show func(uint64, ...attribute.KeyValue)) {
		for from := range states {
			for to := range states {
				// Most pairs never happen; a series begins with its first transition.
				count := found.sum(func(m *circuitbreaker.Metrics) uint64 { return m.TransitionsBetween[from][to] })
				if count > 0 {
					show(count, attribute.String("from", states[from].String()), attribute.String("to", states[to].String()))
				}
			}
		}
	},
	"circuit_breaker.state": func(found namesakes, show func(uint64, ...attribute.KeyValue)) {
		// Every state at every collection: a label that just moved would leave its old series behind.
		for _, state := range states {
			is := min(1, found.sum(func(m *circuitbreaker.Metrics) uint64 {
				if m.State == state {
					return 1
				}
				return 0
			}))
			show(is, attribute.String("state", state.String()))
		}
	},
}

// fractions are the readings that are none.
var fractions = map[string]reading[float64]{
	"circuit_breaker.success_rate": func(found namesakes, show func(float64, ...attribute.KeyValue)) {
		successes := found.sum(func(m *circuitbreaker.Metrics) uint64 { return m.SuccessCount })
		ended := successes + found.sum(func(m *circuitbreaker.Metrics) uint64 { return m.FailureCount })
		if ended > 0 {
			show(float64(successes) / float64(ended))
		}
	},
}

var states = [...]circuitbreaker.State{
	circuitbreaker.StateClosed, circuitbreaker.StateOpen, circuitbreaker.StateHalfOpen,
}

func byReason(of func(*circuitbreaker.Metrics) circuitbreaker.ByReason) reading[uint64] {
	return func(found namesakes, show func(uint64, ...attribute.KeyValue)) {
		for reason := circuitbreaker.RejectedOpen; reason <= circuitbreaker.RejectedForcedOpen; reason++ {
			show(found.sum(func(m *circuitbreaker.Metrics) uint64 {
				counted := of(m)
				return [...]uint64{counted.Open, counted.HalfOpen, counted.ForcedOpen}[reason]
			}), attribute.String("reason", reason.String()))
		}
	}
}
