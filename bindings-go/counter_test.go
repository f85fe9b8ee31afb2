package circuitbreaker

import (
	"sync"
	"testing"
)

// However it grows, and whoever counts where: nothing is lost.
func TestCounterLosesNothing(t *testing.T) {
	const goroutines, each = 16, 5_000
	var c counter
	want := uint64(0)
	for c.stripes.Load() == nil || !c.stripes.Load().isFinal() {
		var group sync.WaitGroup
		for range goroutines {
			group.Go(func() {
				for range each / 25 {
					if !increment(c.here()) {
						c.addContended()
					}
				}
			})
		}
		// While they count.
		c.grow(c.stripes.Load())
		group.Wait()
		want += goroutines * (each / 25)
		if got := c.sum(); got != want {
			t.Fatalf("%d, not %d", got, want)
		}
	}
	if stripes := c.stripes.Load(); stripes.distinct != mostStripes() {
		t.Errorf("%d stripes, not %d", stripes.distinct, mostStripes())
	}
}

func TestCounterGrowsOnce(t *testing.T) {
	var c counter
	c.grow(nil)
	first := c.stripes.Load()
	// Somebody who saw it as it was before.
	c.grow(nil)
	if c.stripes.Load() != first {
		t.Error("it grew twice")
	}
}
