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

// places is how many places a table of stripes has, and so how many stripes there may be.
const (
	placeBits = 6
	places    = 1 << placeBits
)

// stripes is a table that does not change; a larger one takes its place.
type stripes struct {
	// A stripe stands in several places until there are as many as places.
	at       [places]*stripe
	distinct int
	// shift chooses the part of a hash that says which goroutine counts where.
	shift uint
}

// stripe is as large as a cache line, so that two are in two.
type stripe struct {
	count atomic.Uint64
	_     [56]byte
}

// growing is for all counters: they grow a few times in their lives.
var growing sync.Mutex

// here is where this goroutine counts, by increment, and if that fails by addContended. The three are apart so that two are
// inlined.
func (c *counter) here() *atomic.Uint64 {
	if stripes := c.stripes.Load(); stripes != nil {
		return &stripes.ours().count
	}
	return &c.one
}

// increment adds one, unless somebody else is at it: false means nothing was done.
func increment(count *atomic.Uint64) bool {
	seen := count.Load()
	return count.CompareAndSwap(seen, seen+1)
}

// addContended counts one, after somebody else was seen to count.
func (c *counter) addContended() {
	for {
		stripes := c.stripes.Load()
		if stripes != nil && stripes.isFinal() {
			stripes.ours().count.Add(1)
			return
		}
		c.grow(stripes)
		if increment(c.here()) {
			return
		}
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
	grown := &stripes{distinct: 2, shift: 64 - placeBits}
	if s != nil {
		*grown = *s
		grown.distinct = min(2*s.distinct, mostStripes())
		if grown.distinct == s.distinct {
			grown.shift -= placeBits
		}
	}
	for place := range grown.at {
		switch {
		case place >= grown.distinct:
			grown.at[place] = grown.at[place%grown.distinct]
		case s == nil || place >= s.distinct:
			grown.at[place] = new(stripe)
		}
	}
	return grown
}

// isFinal is whether there are enough stripes, and shuffling them has not helped: then more goroutines count at once than
// there are stripes.
func (s *stripes) isFinal() bool {
	return s.shift < placeBits
}

// sum is what was counted.
func (c *counter) sum() uint64 {
	sum := c.one.Load()
	if stripes := c.stripes.Load(); stripes != nil {
		for _, stripe := range stripes.at[:stripes.distinct] {
			sum += stripe.count.Load()
		}
	}
	return sum
}

// mostStripes is how many are worth their memory: four times as many as can count at once, so that two goroutines
// rarely meet.
func mostStripes() int {
	return min(4*runtime.GOMAXPROCS(0), places)
}

// ours chooses a stripe for this goroutine. Goroutines have stacks of their own, 2 KiB apart at least, so the address of a
// local variable tells them apart. It costs nothing, and if it errs the count is right all the same.
func (s *stripes) ours() *stripe {
	var local byte
	// SAFETY: only the number is used; the address is never followed.
	address := uint64(uintptr(unsafe.Pointer(&local)))
	// Fibonacci hashing: the higher a bit, the better it is mixed.
	hash := (address >> 11) * 0x9E3779B97F4A7C15
	return s.at[hash>>(s.shift&63)&(places-1)]
}
