package circuitbreaker

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/k1s0/k1s0-circuit-breaker/bindings-go/internal/machine"
)

// A shard is one instance of the core and the breakers that live in its memory. The core is sequential, so a shard has a lock.
//
// Breakers share instances because an instance takes 64 KiB, and a breaker some hundred bytes of that. There are several
// because breakers of one shard wait for each other, for the few nanoseconds that an operation takes.
type shard struct {
	lock sync.Mutex
	core *machine.Module
	// Addresses of what the core answers.
	answer, made uint32
	_            [64]byte
}

// home is where a breaker lives.
type home struct {
	shard   *shard
	address int32
	// flushed is how many of the breaker's own successes the core has been told of.
	flushed uint64
}

// interfaceNumber is the interface of the core that this package was written for.
const interfaceNumber = 1

var (
	shards   = make([]shard, shardCount())
	nextBorn atomic.Uint32
)

// shardCount is enough that breakers of one shard rarely meet.
func shardCount() int {
	return min(4*runtime.GOMAXPROCS(0), 64)
}

// open locks the shard and starts its core, if it is the first to come.
func (s *shard) open() *machine.Module {
	s.lock.Lock()
	if s.core == nil {
		core := machine.New()
		if found := core.Xinterface(); found != interfaceNumber {
			s.lock.Unlock()
			panic("circuitbreaker: the translated core has another interface")
		}
		s.answer = uint32(core.Xanswer())
		s.made = uint32(core.Xmade_rows())
		s.core = core
	}
	return s.core
}

// make makes the breaker. It is run once.
func (cb *CircuitBreaker) make(cfg *Config, opts []Option) error {
	draft, refused := cfg.draft()
	if refused != nil {
		return refused
	}
	made := &settings{clock: standard()}
	for _, option := range opts {
		option(made)
	}
	if made.refused != nil {
		return made.refused
	}
	for of, to := range made.fields {
		draft[of] = to
	}
	cb.settings = made
	if refused := cb.moveIn(&draft); refused != nil {
		return refused
	}
	draft.pay()
	return nil
}

// makeDefault makes a breaker that was a zero value.
func (cb *CircuitBreaker) makeDefault() {
	if err := cb.make(new(Config), nil); err != nil {
		panic(err)
	}
}

// moveIn makes the breaker's machine in the core, which checks the configuration.
func (cb *CircuitBreaker) moveIn(draft *draft) *ConfigError {
	shard := &shards[nextBorn.Add(1)%uint32(len(shards))]
	core := shard.open()
	defer shard.lock.Unlock()
	core.Xconfig_begin()
	for number, given := range draft {
		number := int32(number)
		switch given.kind {
		case isNumber:
			core.Xconfig_number(number, given.number)
		case isBits:
			core.Xconfig_bits(number, high(given.bits), low(given.bits))
		case isOff:
			core.Xconfig_off(number)
		}
	}
	seed := rand.Uint64()
	address := core.Xcreate(high(seed), low(seed))
	if address == 0 {
		return draft.refusal(shard.text())
	}
	cb.home = &home{shard: shard, address: address}
	runtime.AddCleanup(cb.home, shard.free, address)
	cb.publish()
	return nil
}

// pay allocates about as much as the core did for a breaker, and drops it. The garbage collector does not see that a breaker
// which is gone keeps memory of the core's; so where many are made and dropped it would come ever later, while that
// memory, which it does see, grows.
func (d *draft) pay() {
	const machine = 2048
	window := int(d[windowCalls].number) / 4
	runtime.KeepAlive(make([]byte, machine+min(window, 1<<16)))
}

// free gives a breaker's memory back to the core, when the breaker is gone.
func (s *shard) free(address int32) {
	core := s.open()
	defer s.lock.Unlock()
	core.Xfree(address)
}

// number reads a number of 64 bits out of the core's memory.
func (s *shard) number(address uint32) uint64 {
	memory := *s.core.Slice()
	return binary.LittleEndian.Uint64(memory[address:])
}

// text reads the core's last text.
func (s *shard) text() string {
	memory := *s.core.Slice()
	from, length := uint32(s.core.Xtext()), uint32(s.core.Xtext_length())
	return string(memory[from : from+length])
}

// enter makes the breaker if it is a zero value, locks its home, and tells the core of the successes that were counted
// outside. Each enter has a leave.
func (cb *CircuitBreaker) enter() (*home, *machine.Module) {
	cb.made.Do(cb.makeDefault)
	home := cb.home
	core := home.shard.open()
	if counted := cb.successes.sum(); counted != home.flushed {
		// Behind the word stands the total of successes, which is the host's to add to.
		memory := (*core.Slice())[uint32(home.address)+8:]
		binary.LittleEndian.PutUint64(memory, binary.LittleEndian.Uint64(memory)+counted-home.flushed)
		home.flushed = counted
	}
	return home, core
}

// leave publishes what the breaker has become, and unlocks its home.
func (cb *CircuitBreaker) leave() {
	cb.publish()
	cb.home.shard.lock.Unlock()
	// The home is not given back before the core was left.
	runtime.KeepAlive(cb)
}

// publish has everybody see the admission word.
func (cb *CircuitBreaker) publish() {
	memory := *cb.home.shard.core.Slice()
	word := binary.LittleEndian.Uint32(memory[uint32(cb.home.address):]) ^ isClear
	if cb.word.Load() != word {
		cb.word.Store(word)
	}
}

// now reads the clock, between enter and leave. It is small enough to be inlined.
func (cb *CircuitBreaker) now() uint64 {
	if cb.settings.clock.custom == nil {
		return cb.settings.clock.tick()
	}
	return cb.nowOutside()
}

// nowOutside reads a clock of the user's, without the lock, as it may do anything.
func (cb *CircuitBreaker) nowOutside() uint64 {
	cb.leave()
	defer cb.enter()
	return cb.settings.clock.custom()
}
