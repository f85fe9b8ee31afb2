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
	// custom is the reading of another clock than the standard one.
	custom func() uint64
	// origin is the moment whose reading is zero.
	origin time.Time
	zero   uint64
}

// middle is the reading of the clock when a breaker is made. It is far from both ends, so that a clock that steps back
// is told to the core as it is.
const middle = 1 << 62

// standard is the clock of the moment: in a bubble of testing/synctest, the bubble's.
func standard() clock {
	return clock{origin: time.Now(), zero: middle}
}

// clockOf is a user's clock.
func clockOf(now func() time.Time) clock {
	origin := now()
	return clock{
		custom: func() uint64 { return middle + uint64(now().Sub(origin)) },
		origin: origin,
		zero:   middle,
	}
}

func (c *clock) read() uint64 {
	if c.custom != nil {
		return c.custom()
	}
	return c.tick()
}

// tick reads the standard clock: the monotonic part, and in a bubble the bubble's time.
func (c *clock) tick() uint64 {
	return c.zero + uint64(time.Since(c.origin))
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
