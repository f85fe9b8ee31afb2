package bench_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	k1s0 "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)
var errSick = errors.New("x")
func ok() error { return nil }

func BenchmarkSuccess(b *testing.B) {
	b.Run("k1s0", func(b *testing.B) { cb := k1s0.New(k1s0.Config{}); b.ReportAllocs(); for b.Loop() { _ = cb.Call(ok) } })
	b.Run("k1s0permit", func(b *testing.B) { cb := k1s0.New(k1s0.Config{}); b.ReportAllocs(); for b.Loop() { p, err := cb.TryAcquire(); if err == nil { p.Success() } } })
	b.Run("gobreaker", func(b *testing.B) { cb := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{}); b.ReportAllocs(); for b.Loop() { _, _ = cb.Execute(func() (int, error) { return 0, nil }) } })
	b.Run("failsafe", func(b *testing.B) { cb := circuitbreaker.NewWithDefaults[any](); b.ReportAllocs(); for b.Loop() { if cb.TryAcquirePermit() { cb.RecordSuccess() } } })
	b.Run("resiliency", func(b *testing.B) { cb := breaker.New(5, 3, time.Minute); b.ReportAllocs(); for b.Loop() { _ = cb.Run(ok) } })
	b.Run("mutex", func(b *testing.B) { var m sync.Mutex; for b.Loop() { m.Lock(); m.Unlock(); _ = ok(); m.Lock(); m.Unlock() } })
}
func BenchmarkTenPercent(b *testing.B) {
	i := 0
	f := func() error { i++; if i%10 == 0 { return errSick }; return nil }
	b.Run("k1s0", func(b *testing.B) { cb := k1s0.New(k1s0.Config{}); b.ReportAllocs(); for b.Loop() { _ = cb.Call(f) } })
	b.Run("gobreaker", func(b *testing.B) { cb := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{}); b.ReportAllocs(); for b.Loop() { _, _ = cb.Execute(func() (int, error) { return 0, f() }) } })
}
func BenchmarkWindow(b *testing.B) {
	b.Run("k1s0", func(b *testing.B) { cb := k1s0.New(k1s0.Config{FailureRate: .5}); b.ReportAllocs(); for b.Loop() { _ = cb.Call(ok) } })
	b.Run("k1s0time", func(b *testing.B) { cb := k1s0.New(k1s0.Config{FailureRate: .5, WindowTime: 10*time.Second}); b.ReportAllocs(); for b.Loop() { _ = cb.Call(ok) } })
	b.Run("gobreaker", func(b *testing.B) { cb := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{}); b.ReportAllocs(); for b.Loop() { _, _ = cb.Execute(func() (int, error) { return 0, nil }) } })
}
func BenchmarkReject(b *testing.B) {
	b.Run("k1s0", func(b *testing.B) { cb := k1s0.New(k1s0.Config{Timeout: time.Hour}); cb.Trip(); b.ReportAllocs(); for b.Loop() { _ = cb.Call(ok) } })
	b.Run("gobreaker", func(b *testing.B) { cb := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{Timeout: time.Hour}); for range 7 { cb.Execute(func() (int, error) { return 0, errSick }) }; b.ReportAllocs(); for b.Loop() { _, _ = cb.Execute(func() (int, error) { return 0, nil }) } })
}
func BenchmarkParallel(b *testing.B) {
	b.Run("k1s0", func(b *testing.B) { cb := k1s0.New(k1s0.Config{}); b.RunParallel(func(pb *testing.PB) { for pb.Next() { _ = cb.Call(ok) } }) })
	b.Run("gobreaker", func(b *testing.B) { cb := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{});b.RunParallel(func(pb *testing.PB) { for pb.Next() {  _, _ = cb.Execute(func() (int, error) { return 0, nil }) } })})
}
