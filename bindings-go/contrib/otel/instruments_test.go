package otelbreaker_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
	otelbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go/contrib/otel"
)

func observed(t *testing.T) (*otelbreaker.Instruments, func() map[string]float64) {
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	instruments, err := otelbreaker.NewInstruments(otelbreaker.WithMeterProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	return instruments, func() map[string]float64 {
		var collected metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &collected); err != nil {
			t.Fatal(err)
		}
		return series(t, &collected)
	}
}

// series are all values, by the instrument and its attributes.
func series(t *testing.T, collected *metricdata.ResourceMetrics) map[string]float64 {
	all := make(map[string]float64)
	for _, scope := range collected.ScopeMetrics {
		if scope.Scope.Name != "k1s0_circuit_breaker" {
			t.Error("scope", scope.Scope.Name)
		}
		for _, instrument := range scope.Metrics {
			add := func(attributes attribute.Set, value float64) {
				all[instrument.Name+" "+attributes.Encoded(attribute.DefaultEncoder())] = value
			}
			switch data := instrument.Data.(type) {
			case metricdata.Sum[int64]:
				if !data.IsMonotonic {
					t.Error(instrument.Name, "is not monotonic")
				}
				for _, point := range data.DataPoints {
					add(point.Attributes, float64(point.Value))
				}
			case metricdata.Gauge[int64]:
				for _, point := range data.DataPoints {
					add(point.Attributes, float64(point.Value))
				}
			case metricdata.Gauge[float64]:
				for _, point := range data.DataPoints {
					add(point.Attributes, point.Value)
				}
			default:
				t.Errorf("%s is %T", instrument.Name, data)
			}
		}
	}
	return all
}

func named(t *testing.T, name string) *circuitbreaker.CircuitBreaker {
	cb, err := circuitbreaker.NewWithOptions(circuitbreaker.Config{FailureThreshold: 2}, circuitbreaker.WithName(name))
	if err != nil {
		t.Fatal(err)
	}
	return cb
}

func TestSeries(t *testing.T) {
	instruments, collect := observed(t)
	cb := named(t, "payments")
	instruments.Observe(cb)
	instruments.Observe(cb)
	if all := collect(); all["circuit_breaker.success_rate name=payments"] != 0 || len(all) != 4+3+3+1+3 {
		t.Errorf("%v", all)
	}
	for range 3 {
		_ = cb.Call(func() error { return nil })
	}
	for range 3 {
		_ = cb.Call(func() error { return errors.New("sick") })
	}
	all := collect()
	for series, want := range map[string]float64{
		"circuit_breaker.calls name=payments,outcome=success":           3,
		"circuit_breaker.calls name=payments,outcome=failure":           2,
		"circuit_breaker.calls name=payments,outcome=ignored":           0,
		"circuit_breaker.rejections name=payments,reason=open":          1,
		"circuit_breaker.rejections name=payments,reason=half_open":     0,
		"circuit_breaker.transitions from=closed,name=payments,to=open": 1,
		"circuit_breaker.state name=payments,state=open":                1,
		"circuit_breaker.state name=payments,state=closed":              0,
		"circuit_breaker.state name=payments,state=half_open":           0,
		"circuit_breaker.success_rate name=payments":                    0.6,
		"circuit_breaker.slow_calls name=payments":                      0,
		"circuit_breaker.would_reject name=payments,reason=forced_open": 0,
	} {
		if got, found := all[series]; !found || got != want {
			t.Errorf("%s is %v, not %v", series, got, want)
		}
	}
	if len(all) != 4+3+3+1+1+3+1 {
		t.Errorf("%d series: %v", len(all), all)
	}
	if err := instruments.Close(); err != nil || len(collect()) != 0 {
		t.Error("after Close:", err)
	}
	runtime.KeepAlive(cb)
}

func TestNamesakesAreAddedUp(t *testing.T) {
	instruments, collect := observed(t)
	one, two := named(t, ""), named(t, "")
	two.Trip()
	instruments.Observe(one, two)
	_ = one.Call(func() error { return nil })
	all := collect()
	if all["circuit_breaker.calls name=unnamed,outcome=success"] != 1 || all["circuit_breaker.state name=unnamed,state=open"] != 1 ||
		all["circuit_breaker.state name=unnamed,state=closed"] != 1 {
		t.Errorf("%v", all)
	}
	runtime.KeepAlive([]any{one, two})
}

func TestBreakersThatAreGoneAreNotShown(t *testing.T) {
	instruments, collect := observed(t)
	func() { instruments.Observe(named(t, "gone")) }()
	for range 3 {
		runtime.GC()
	}
	if all := collect(); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

func TestRegistry(t *testing.T) {
	instruments, collect := observed(t)
	registry, err := circuitbreaker.NewRegistry(circuitbreaker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	instruments.ObserveRegistry(registry)
	for _, name := range []string{"a", "b"} {
		if _, err := registry.Get(name); err != nil {
			t.Fatal(err)
		}
	}
	all := collect()
	for _, name := range []string{"a", "b"} {
		if all[fmt.Sprintf("circuit_breaker.state name=%s,state=closed", name)] != 1 {
			t.Errorf("%v", all)
		}
	}
}

// Every instrument of docs/metrics.md is there, and none besides.
func TestVocabulary(t *testing.T) {
	page, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	instruments, err := otelbreaker.NewInstruments(otelbreaker.WithMeterProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	cb := named(t, "a")
	cb.Trip()
	_ = cb.Call(func() error { return nil })
	cb.Reset()
	_ = cb.Call(func() error { return nil })
	instruments.Observe(cb)
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	var shown, written []string
	for _, it := range collected.ScopeMetrics[0].Metrics {
		shown = append(shown, fmt.Sprintf("`%s` `%s` %s", it.Name, it.Unit, it.Description))
	}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `circuit_breaker.") {
			description := strings.TrimSuffix(strings.TrimSpace(cells[4]), " |")
			written = append(written, fmt.Sprintf("%s %s %s", strings.TrimPrefix(cells[0], "| "), cells[2], description))
		}
	}
	slices.Sort(shown)
	slices.Sort(written)
	if !slices.Equal(shown, written) {
		t.Errorf("shown:\n%s\nwritten:\n%s", strings.Join(shown, "\n"), strings.Join(written, "\n"))
	}
	runtime.KeepAlive(cb)
}
