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
	stripes atomic.Pointer[[]*stripe]
}

// stripe is as large as a cache line, so that two are in two.
type stripe struct {
	count atomic.Uint64
	_     [56]byte
}

// growing is for all counters: they grow a few times in their lives.
var growing sync.Mutex

// add counts one. It is small enough to be inlined.
func (c *counter) add() {
	if c.stripes.Load() == nil {
		if seen := c.one.Load(); c.one.CompareAndSwap(seen, seen+1) {
			return
		}
	}
	c.addContended()
}

//go:noinline
func (c *counter) addContended() {
	for {
		stripes := c.stripes.Load()
		if stripes != nil {
			stripe := (*stripes)[place(len(*stripes))]
			if seen := stripe.count.Load(); stripe.count.CompareAndSwap(seen, seen+1) {
				return
			}
			if len(*stripes) >= mostStripes() {
				stripe.count.Add(1)
				return
			}
		}
		c.grow(stripes)
	}
}

// grow makes twice as many stripes. Those that there are stay: somebody may be counting in them.
func (c *counter) grow(from *[]*stripe) {
	growing.Lock()
	defer growing.Unlock()
	if c.stripes.Load() != from {
		return
	}
	stripes := make([]*stripe, 2)
	if from != nil {
		stripes = make([]*stripe, 2*len(*from))
		copy(stripes, *from)
	}
	for place, found := range stripes {
		if found == nil {
			stripes[place] = new(stripe)
		}
	}
	c.stripes.Store(&stripes)
}

// sum is what was counted.
func (c *counter) sum() uint64 {
	sum := c.one.Load()
	if stripes := c.stripes.Load(); stripes != nil {
		for _, stripe := range *stripes {
			sum += stripe.count.Load()
		}
	}
	return sum
}

// mostStripes is how many are worth their memory: four times as many as can count at once, so that two goroutines
// rarely meet.
func mostStripes() int {
	return min(4*runtime.GOMAXPROCS(0), 256)
}

// place chooses a stripe for this goroutine, of a number that is a power of two. Goroutines have stacks of their own,
// 2 KiB apart at least, so the address of a local variable tells them apart. It costs nothing, and if it errs the
// count is right all the same.
func place(stripes int) int {
	var local byte
	// SAFETY: only the number is used; the address is never followed.
	address := uint64(uintptr(unsafe.Pointer(&local)))
	// Fibonacci hashing; the highest bits are the best mixed.
	mixed := (address >> 11) * 0x9E3779B97F4A7C15
	return int(mixed>>32) & (stripes - 1)
}
