package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.Made
import io.k1s0.circuitbreaker.ffi.NativeBreaker
import io.k1s0.circuitbreaker.ffi.Refused
import java.lang.ref.Reference
import java.util.concurrent.atomic.AtomicReferenceArray
import java.util.function.LongSupplier

/** Leave that had to be asked for: the whole word, and since when. */
@PublishedApi
internal class Asked(val word: ULong, val began: ULong)

/** A breaker of the library. The only one who calls into it for a breaker. */
internal class Handle(config: CircuitBreakerConfig, private val clock: LongSupplier, val name: String?) {
    private val native: NativeBreaker = try {
        Library.check()
        NativeBreaker(config.settings)
    } catch (error: Refused) {
        throw config.refused(error)
    }
    private val address = native.address().toLong()
    private val admission = Memory(native.admissionAddress().toLong())

    // Made when a thread first needs one: most breakers are used by few threads, and making one crosses.
    private val counters = AtomicReferenceArray<Memory>(COUNTERS)

    val transitions = Transitions()

    /** The low half of the admission word. While its bit 0 is 0, a call needs not be asked for: this is its permit. */
    fun word(): Int {
        val word = admission.low()
        Reference.reachabilityFence(this)
        return word
    }

    /** Settles such a permit as a success. */
    fun succeed(word: Int) {
        if (admission.low() == word) {
            counter().increment()
            // Were this collected before, so would be what was added to.
            Reference.reachabilityFence(this)
        } else {
            settle(word.toUInt().toULong(), 0u, Outcome.SUCCESS, null)
        }
    }

    private fun counter(): Memory {
        val place = Thread.currentThread().id.toInt() and (COUNTERS - 1)
        return counters.getAcquire(place) ?: newCounter(place)
    }

    private fun newCounter(place: Int): Memory {
        val made = Memory(native.counterAddress().toLong())
        // Another thread may have been quicker; then this one stays at 0.
        return if (counters.compareAndSet(place, null, made)) made else counters.get(place)
    }

    /** A permit where it has to be asked for. */
    fun ask(): Asked {
        val now = now()
        val answer = LongArray(Direct.NUMBERS)
        val done = Direct.k1s0_cb_uniffi_acquire(address, now.toLong(), answer)
        Reference.reachabilityFence(this)
        said(done, answer)
        if (answer[1] and Direct.WORD == 0L) {
            val wait = if (answer[1] and Direct.WAIT == 0L) null else answer[3].toULong()
            throw CircuitBreakerException(REJECT_REASONS[answer[2].toInt()], wait, name)
        }
        return Asked(answer[0].toULong(), now)
    }

    /** Settles a permit. */
    fun settle(word: ULong, began: ULong, outcome: Outcome, retryAfter: RetryAfter?): Effect {
        val answer = LongArray(Direct.NUMBERS)
        val done = Direct.k1s0_cb_uniffi_settle(
            address,
            word.toLong(),
            began.toLong(),
            outcome.ordinal,
            if (retryAfter == null) 0 else 1,
            (retryAfter?.bits ?: 0u).toLong(),
            now().toLong(),
            answer,
        )
        Reference.reachabilityFence(this)
        said(done, answer)
        return EFFECTS[answer[2].toInt()]
    }

    private fun said(done: Int, answer: LongArray) {
        check(done == 1) { "a defect in the native library" }
        if (answer[1] and Direct.MADE != 0L) {
            val (from, to, reason) = listOf(answer[4], answer[5], answer[6]).map { it.toUByte() }
            tell(Made(from, to, reason, answer[7].toULong(), answer[8].toULong()))
        }
    }

    fun record(success: Boolean) = native.record(success, now()).forEach(::tell)

    fun reset() = tell(native.reset(now()))

    fun trip() = tell(native.trip(now()))

    fun forceOpen() = tell(native.forceOpen(now()))

    fun forceClosed() = tell(native.forceClosed(now()))

    fun automatic() = tell(native.automatic(now()))

    fun tick() = tell(native.tick(now()))

    fun state(): CircuitState = STATES[native.state(now()).toInt()]

    fun metrics() = CircuitBreakerMetrics(native.metrics(now()))

    fun explain() = Explanation(native.explain(name, now()), name)

    fun recentTransitions(): List<Transition> = native.recentTransitions().map { Transition(it, name) }

    private fun now(): ULong = clock.asLong.toULong()

    private fun tell(made: Made?) {
        if (made != null) {
            transitions.tell(Transition(made, name))
        }
    }

    private companion object {
        /**
         * So many counters, shared by the threads by their numbers: each addition is atomic, so every success is counted once
         * whoever shares, and virtual threads need none of their own. A power of two.
         */
        val COUNTERS: Int = Integer.highestOneBit(Runtime.getRuntime().availableProcessors().coerceIn(1, 32) * 2 - 1)
    }
}
