package circuitbreaker_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	circuitbreaker "github.com/k1s0/k1s0-circuit-breaker/bindings-go"
)

// FuzzOperations holds the breaker against the model, whatever is done to it. Run it for a stated count with
// -fuzz=FuzzOperations -fuzztime=100000x.
func FuzzOperations(f *testing.F) {
	f.Add([]byte{1, 1, 1, 2, 2, 2, 3, 200, 0, 1, 5, 0, 9, 9})
	f.Add([]byte{0, 0, 0, 9, 5, 1, 0, 0, 0, 3, 255, 1, 2, 0, 10, 11, 12, 13})
	f.Fuzz(operations)
}

// TestRandomOperations is the same without a fuzzer: as many sequences as `go test` has time for.
func TestRandomOperations(t *testing.T) {
	sequences := 1_000 * scale()
	random := rand.New(rand.NewPCG(1, 2))
	for range sequences {
		script := make([]byte, 20+random.IntN(200))
		for place := range script {
			script[place] = byte(random.Uint32())
		}
		operations(t, script)
		if t.Failed() {
			t.Fatalf("the script is %v", script)
		}
	}
	t.Logf("%d sequences", sequences)
}

// held is a permit, and the model's epoch for it.
type held struct {
	permit *circuitbreaker.Permit
	epoch  uint64
}

func operations(t *testing.T, script []byte) {
	next := func() byte {
		if len(script) == 0 {
			return 0
		}
		first := script[0]
		script = script[1:]
		return first
	}
	cfg := circuitbreaker.Config{
		FailureThreshold: 1 + uint32(next())%4,
		SuccessThreshold: 1 + uint32(next())%3,
		HalfOpenMaxCalls: 1 + uint32(next())%3,
		Timeout:          time.Duration(1+next()%8) * time.Second,
		ProbeTimeout:     time.Duration(1+next()%8) * time.Second,
	}
	it := newModel(cfg)
	cb := made(t, cfg, circuitbreaker.WithNanoseconds(func() uint64 { return uint64(it.now) }))
	var permits []held
	for step := 0; len(script) > 0 && !t.Failed(); step++ {
		switch operation := next() % 16; operation {
		case 0, 1, 2, 3:
			permits = acquire(t, cb, it, permits)
		case 4, 5, 6, 7, 8:
			if len(permits) > 0 {
				place := int(next()) % len(permits)
				chosen := permits[place]
				permits = append(permits[:place], permits[place+1:]...)
				outcome := circuitbreaker.Outcome(operation-4) % 4
				if got, want := chosen.permit.Settle(outcome), it.settle(chosen.epoch, outcome); got != want {
					t.Errorf("step %d: %v, not %v", step, got, want)
				}
			}
		case 9:
			cb.RecordFailure()
			it.record(circuitbreaker.Failure)
		case 10:
			cb.RecordSuccess()
			it.record(circuitbreaker.Success)
		case 11, 12:
			it.now += time.Duration(next()) * 50 * time.Millisecond
		case 13:
			it.now = max(0, it.now-time.Duration(next())*10*time.Millisecond)
		default:
			control(cb, it, next()%16)
		}
		if got, want := shownOf(cb), it.shown(); got != want {
			t.Errorf("step %d: %s, not %s", step, got, want)
		}
	}
}

func acquire(t *testing.T, cb *circuitbreaker.CircuitBreaker, it *model, permits []held) []held {
	permit, err := cb.TryAcquire()
	epoch, reason, wait := it.acquire()
	if err == nil {
		if reason != "" {
			t.Errorf("admitted, and not rejected: %s", reason)
		}
		return append(permits, held{&permit, epoch})
	}
	var open *circuitbreaker.OpenError
	if !errors.As(err, &open) || open.Reason.String() != reason {
		t.Fatalf("%v, and not %q", err, reason)
	}
	if left, known := open.RetryAfter(); known != (wait >= 0) || known && left != wait {
		t.Errorf("%v %v, not %v", left, known, wait)
	}
	return permits
}

// control is rare: otherwise nothing else ever happens.
func control(cb *circuitbreaker.CircuitBreaker, it *model, which byte) {
	switch which {
	case 0:
		cb.Reset()
		it.reset()
	case 1:
		cb.Trip()
		it.trip()
	case 2:
		cb.ForceOpen()
		it.force("open")
	case 3:
		cb.ForceClosed()
		it.force("closed")
	case 4, 5:
		cb.Automatic()
		it.force("")
	}
}
