package circuitbreaker

import (
	"math"
	"time"
)

// Never is a length of time that does not end.
const Never time.Duration = math.MaxInt64

// none is the core's number for a wait that is none, or never ends.
const none uint64 = math.MaxUint64

// clock counts nanoseconds for the core, from a moment that it remembers.
type clock struct {
	// now is the user's, nil for the standard clock.
	now func() time.Time
	// origin is the moment whose reading is zero.
	origin time.Time
	zero   uint64
	// nanoseconds is a test's own clock.
	nanoseconds func() uint64
}

// middle is the reading of the clock when a breaker is made. It is far from both ends, so that a clock that steps back
// is told to the core as it is.
const middle = 1 << 62

// start sets the clock going. The standard clock is that of the moment: in a bubble of testing/synctest, the bubble's.
func (c *clock) start() {
	if c.nanoseconds != nil {
		return
	}
	c.zero = middle
	if c.now != nil {
		c.origin = c.now()
	} else {
		c.origin = time.Now()
	}
}

// isOurs is whether reading the clock runs no code of the user's.
func (c *clock) isOurs() bool {
	return c.now == nil && c.nanoseconds == nil
}

func (c *clock) read() uint64 {
	switch {
	case c.isOurs():
		// The monotonic part, and in a bubble the bubble's time.
		return c.zero + uint64(time.Since(c.origin))
	case c.nanoseconds != nil:
		return c.nanoseconds()
	default:
		return c.zero + uint64(c.now().Sub(c.origin))
	}
}

// moment is when the clock read so.
func (c *clock) moment(reading uint64) time.Time {
	return c.origin.Add(time.Duration(reading - c.zero))
}

// duration is a length of time of the core's; what a time.Duration does not hold is never.
func duration(nanoseconds uint64) time.Duration {
	return time.Duration(min(nanoseconds, uint64(Never)))
}

// length is a length of time as the core takes it.
func length(d time.Duration) uint64 {
	if d == Never {
		return none
	}
	return uint64(d)
}

// high and low are the halves of a number of 64 bits, as the core takes them.
func high(bits uint64) int32 { return int32(bits >> 32) }
func low(bits uint64) int32  { return int32(bits) }
