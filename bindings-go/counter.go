package circuitbreaker

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// counter counts the successes of healthy calls, which is all that they write. It is one number until two goroutines
// are seen to count at once, and then a number for each of several, a cache line apart. It never counts down, and its
// sum loses nothing.
type counter struct {
	one     atomic.Uint64
	stripes atomic.Pointer[stripes]
}

// stripes is a table that does not change; a larger one takes its place.
type stripes struct {
	// As many as a power of two.
	all []*stripe
	// seed chooses which goroutine counts where, and shuffles is how often another one was chosen.
	seed     uint64
	shuffles int
}

// stripe is as large as a cache line, so that two are in two.
type stripe struct {
	count atomic.Uint64
	_     [56]byte
}

// growing is for all counters: they grow a few times in their lives.
var growing sync.Mutex

// addAlone counts one, where nobody else is counting: false means nothing was done. It is small enough to be inlined.
func (c *counter) addAlone() bool {
	seen := c.one.Load()
	return c.stripes.Load() == nil && c.one.CompareAndSwap(seen, seen+1)
}

// addContended counts one, where somebody else may be counting.
func (c *counter) addContended() {
	for {
		stripes := c.stripes.Load()
		if stripes != nil {
			stripe := stripes.ours()
			if seen := stripe.count.Load(); stripe.count.CompareAndSwap(seen, seen+1) {
				return
			}
			if stripes.isFinal() {
				stripe.count.Add(1)
				return
			}
		}
		c.grow(stripes)
	}
}

// grow makes twice as many stripes, or, where there are enough, shuffles who counts where. The stripes that there are stay:
// somebody may be counting in them.
func (c *counter) grow(from *stripes) {
	growing.Lock()
	defer growing.Unlock()
	if c.stripes.Load() == from {
		c.stripes.Store(from.grown())
	}
}

func (s *stripes) grown() *stripes {
	grown := &stripes{seed: 1}
	switch {
	case s == nil:
		grown.all = make([]*stripe, 2)
	case len(s.all) < mostStripes():
		grown.all = make([]*stripe, 2*len(s.all))
		copy(grown.all, s.all)
	default:
		grown.all = s.all
		grown.shuffles = s.shuffles + 1
		grown.seed = s.seed + 2
	}
	for place, found := range grown.all {
		if found == nil {
			grown.all[place] = new(stripe)
		}
	}
	return grown
}

// isFinal is whether there are enough stripes, and shuffling them has not helped: then more goroutines count at once than
// there are stripes.
func (s *stripes) isFinal() bool {
	return s.shuffles == 16 && len(s.all) >= mostStripes()
}

// sum is what was counted.
func (c *counter) sum() uint64 {
	sum := c.one.Load()
	if stripes := c.stripes.Load(); stripes != nil {
		for _, stripe := range stripes.all {
			sum += stripe.count.Load()
		}
	}
	return sum
}

// mostStripes is how many are worth their memory: four times as many as can count at once, so that two goroutines
// rarely meet.
func mostStripes() int {
	return min(4*runtime.GOMAXPROCS(0), 64)
}

// ours chooses a stripe for this goroutine. Goroutines have stacks of their own, 2 KiB apart at least, so the address of a
// local variable tells them apart. It costs nothing, and if it errs the count is right all the same.
func (s *stripes) ours() *stripe {
	var local byte
	// SAFETY: only the number is used; the address is never followed.
	address := uint64(uintptr(unsafe.Pointer(&local)))
	// Fibonacci hashing: the upper half is the best mixed.
	mixed := (address >> 11) * s.seed * 0x9E3779B97F4A7C15
	return s.all[int(mixed>>32)&(len(s.all)-1)]
}
