// Package otelbreaker has OpenTelemetry instruments that show circuit breakers.
//
//	instruments, err := otelbreaker.NewInstruments()
//	if err != nil {
//		return err
//	}
//	instruments.Observe(breaker)
//
// Nothing happens on the call path: when the SDK collects, the breakers' counters are read. A breaker that is gone is not
// shown any more; the instruments do not keep it alive. Names, units and descriptions are the same in every language of
// k1s0: see docs/metrics.md of the repository.
package otelbreaker

import (
	"context"
	"slices"
	"sync"
	"weak"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// instrument is one of the vocabulary.
type instrument struct {
	name        string
	isGauge     bool
	unit        string
	description string
}

// Instruments are the instruments of one meter, and the breakers that they show. Any number of goroutines may use them.
type Instruments struct {
	registration metric.Registration

	lock       sync.Mutex
	breakers   []weak.Pointer[circuitbreaker.CircuitBreaker]
	registries []*circuitbreaker.Registry
}

// Option is something that [NewInstruments] takes.
type Option func(*options)

type options struct {
	provider metric.MeterProvider
}

// WithMeterProvider chooses the provider. Without it, it is the global one, also if that is set later.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(o *options) { o.provider = provider }
}

// NewInstruments makes the instruments. Make them once for each meter provider.
func NewInstruments(opts ...Option) (*Instruments, error) {
	chosen := options{provider: otel.GetMeterProvider()}
	for _, option := range opts {
		option(&chosen)
	}
	meter := chosen.provider.Meter(Scope)
	made := new(Instruments)
	var all []metric.Observable
	var readers []func(metric.Observer, namesakes)
	for _, each := range instruments {
		observable, reader, err := each.make(meter)
		if err != nil {
			return nil, err
		}
		all = append(all, observable)
		readers = append(readers, reader)
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		for _, found := range made.byName() {
			for _, read := range readers {
				read(observer, found)
			}
		}
		return nil
	}, all...)
	if err != nil {
		return nil, err
	}
	made.registration = registration
	return made, nil
}

// make makes an observable instrument and what reads it.
func (i *instrument) make(meter metric.Meter) (metric.Observable, func(metric.Observer, namesakes), error) {
	if reading, found := fractions[i.name]; found {
		gauge, err := meter.Float64ObservableGauge(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.description))
		return gauge, func(observer metric.Observer, found namesakes) {
			reading(found, func(value float64, attributes ...attribute.KeyValue) {
				observer.ObserveFloat64(gauge, value, found.with(attributes))
			})
		}, err
	}
	observe := func(observable metric.Int64Observable) func(metric.Observer, namesakes) {
		return func(observer metric.Observer, found namesakes) {
			counts[i.name](found, func(value uint64, attributes ...attribute.KeyValue) {
				observer.ObserveInt64(observable, int64(value), found.with(attributes))
			})
		}
	}
	if i.isGauge {
		gauge, err := meter.Int64ObservableGauge(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.description))
		return gauge, observe(gauge), err
	}
	counter, err := meter.Int64ObservableCounter(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.description))
	return counter, observe(counter), err
}

// Observe shows these breakers from now on, for as long as they live. Give each a name of its own: the counts of breakers
// with one name are added up.
func (i *Instruments) Observe(breakers ...*circuitbreaker.CircuitBreaker) {
	i.lock.Lock()
	defer i.lock.Unlock()
	for _, breaker := range breakers {
		pointer := weak.Make(breaker)
		if !slices.Contains(i.breakers, pointer) {
			i.breakers = append(i.breakers, pointer)
		}
	}
}

// ObserveRegistry shows the breakers that a registry has when the SDK collects.
func (i *Instruments) ObserveRegistry(registry *circuitbreaker.Registry) {
	i.lock.Lock()
	defer i.lock.Unlock()
	if !slices.Contains(i.registries, registry) {
		i.registries = append(i.registries, registry)
	}
}

// Close shows nothing any more.
func (i *Instruments) Close() error {
	return i.registration.Unregister()
}

// live are the breakers that are to be shown, each once.
func (i *Instruments) live() []*circuitbreaker.CircuitBreaker {
	i.lock.Lock()
	var live []*circuitbreaker.CircuitBreaker
	i.breakers = slices.DeleteFunc(i.breakers, func(pointer weak.Pointer[circuitbreaker.CircuitBreaker]) bool {
		breaker := pointer.Value()
		if breaker != nil {
			live = append(live, breaker)
		}
		return breaker == nil
	})
	registries := slices.Clone(i.registries)
	i.lock.Unlock()
	for _, registry := range registries {
		for _, breaker := range registry.All() {
			if !slices.Contains(live, breaker) {
				live = append(live, breaker)
			}
		}
	}
	return live
}

// byName reads the breakers. Two with one name would write the same series twice; they are given together instead.
func (i *Instruments) byName() map[string]namesakes {
	found := make(map[string]namesakes)
	// Outside of the lock: a breaker may ask a clock of the user's.
	for _, breaker := range i.live() {
		name := breaker.Name()
		if name == "" {
			name = unnamed
		}
		together := found[name]
		together.name = name
		together.metrics = append(together.metrics, breaker.Metrics())
		found[name] = together
	}
	return found
}
