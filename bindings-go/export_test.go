package circuitbreaker

// WithNanoseconds has a breaker take the time as the core does: 64 bits of nanoseconds, of which a time.Time holds a part.
func WithNanoseconds(now func() uint64) Option {
	return func(s *settings) { s.clock = clock{custom: now} }
}

// Core sets a field by the core's number for it, also to what Config cannot say: 0 instead of the default, fractions of a
// count, lengths of time beyond time.Duration.
func CoreNumber(of int, value float64) Option {
	return set(field(of), given{kind: isNumber, number: value})
}

func CoreBits(of int, value uint64) Option {
	return set(field(of), bits(value))
}

// SettleAsked is Permit.SettleAfter with a wait that a time.Duration may not hold.
func (p *Permit) SettleAsked(outcome Outcome, retryAfter uint64) Effect {
	return p.settle(outcome, &retryAfter)
}

// Words are the package's, by the list of constants.json that has them.
var Words = map[string][]string{
	"states":         stateNames,
	"outcomes":       outcomeNames,
	"effects":        effectNames,
	"reject_reasons": rejectReasonNames,
	"reasons":        reasonNames,
}

// FieldNames are the fields of Config by the core's names.
var FieldNames = fieldNames

// Elsewhere is how many names a registry remembers of breakers that it has forgotten.
func Elsewhere(r *Registry) int {
	r.lock.Lock()
	defer r.lock.Unlock()
	return len(r.elsewhere)
}
