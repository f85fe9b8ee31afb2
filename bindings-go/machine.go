package circuitbreaker

// What the core answers instead of a permit, and where it needs the time.
const (
	askWithTime = 3
	rejected    = 5
	needsNow    = -1
	// From here on, an effect comes with transitions.
	madeOne = 16
)

// Controls, by the core's numbers.
const (
	controlReset int32 = iota
	controlTrip
	controlForceOpen
	controlForceClosed
	controlAutomatic
	controlTick
)

// admit asks the core for admission.
func (cb *CircuitBreaker) admit() (call, error) {
	answer, now, left := cb.ask()
	cb.tell()
	// A permit is even, or 1 where only shadow mode let the call through.
	if answer&1 == 0 || answer < askWithTime {
		return call{permit: answer, began: now}, nil
	}
	return call{}, cb.refused(RejectReason((answer-rejected)/2), left, now)
}

func (cb *CircuitBreaker) ask() (answer uint32, now, left uint64) {
	home, core := cb.enter()
	defer cb.leave()
	answer = uint32(core.Xacquire(home.address))
	if answer == askWithTime {
		now = cb.now()
		answer = uint32(core.Xacquire_at(home.address, high(now), low(now)))
		cb.note(core.Xmade())
	}
	return answer, now, home.shard.number(home.shard.answer)
}

// settle tells the core how a call ended. retryAfter is for how long the server asked not to be called, if it did.
func (cb *CircuitBreaker) settle(c call, outcome Outcome, retryAfter *uint64) Effect {
	effect := cb.apply(c, outcome, retryAfter)
	cb.tell()
	return effect
}

func (cb *CircuitBreaker) apply(c call, outcome Outcome, retryAfter *uint64) Effect {
	home, core := cb.enter()
	defer cb.leave()
	permit, how := int32(c.permit), int32(outcome)
	effect := core.Xsettle(home.address, permit, how)
	if effect == needsNow {
		now := cb.now()
		if retryAfter == nil {
			effect = core.Xsettle_at(home.address, permit, how, high(c.began), low(c.began), high(now), low(now))
		} else {
			effect = core.Xsettle_asked_at(
				home.address, permit, how, high(c.began), low(c.began), high(now), low(now),
				high(*retryAfter), low(*retryAfter),
			)
		}
		cb.note(effect / madeOne)
	}
	return Effect(effect % madeOne)
}

func (cb *CircuitBreaker) record(outcome Outcome) {
	cb.applyRecord(outcome)
	cb.tell()
}

func (cb *CircuitBreaker) applyRecord(outcome Outcome) {
	home, core := cb.enter()
	defer cb.leave()
	if core.Xrecord(home.address, int32(outcome)) == needsNow {
		now := cb.now()
		cb.note(core.Xrecord_at(home.address, int32(outcome), high(now), low(now)))
	}
}

func (cb *CircuitBreaker) control(control int32) {
	cb.applyControl(control)
	cb.tell()
}

func (cb *CircuitBreaker) applyControl(control int32) {
	home, core := cb.enter()
	defer cb.leave()
	now := cb.now()
	cb.note(core.Xcontrol_at(home.address, control, high(now), low(now)))
}

func (cb *CircuitBreaker) askState() State {
	home, core := cb.enter()
	defer cb.leave()
	state := core.Xstate(home.address)
	if state == needsNow {
		now := cb.now()
		state = core.Xstate_at(home.address, high(now), low(now))
	}
	return State(state)
}

// Reset closes the circuit, from any state and out of any forced mode. All counts begin anew but the totals.
func (cb *CircuitBreaker) Reset() { cb.control(controlReset) }

// Trip opens the circuit, as failures would: it waits, probes, and closes again. In a forced mode it does nothing.
func (cb *CircuitBreaker) Trip() { cb.control(controlTrip) }

// ForceOpen rejects every call until [CircuitBreaker.Automatic] or [CircuitBreaker.Reset].
func (cb *CircuitBreaker) ForceOpen() { cb.control(controlForceOpen) }

// ForceClosed admits every call and decides nothing until [CircuitBreaker.Automatic] or [CircuitBreaker.Reset].
func (cb *CircuitBreaker) ForceClosed() { cb.control(controlForceClosed) }

// Automatic ends a forced mode: the state underneath comes back as it was.
func (cb *CircuitBreaker) Automatic() { cb.control(controlAutomatic) }

// Tick looks for calls that have been in flight for [Config.SlowCallDuration] or longer, where [Config.CountHungCalls] is
// set. Each admission does so too; Tick is for times without calls. Nothing of this package calls it by itself.
func (cb *CircuitBreaker) Tick() { cb.control(controlTick) }
