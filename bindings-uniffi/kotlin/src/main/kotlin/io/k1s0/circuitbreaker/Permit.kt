package io.k1s0.circuitbreaker

import java.lang.ref.Cleaner
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.time.Duration

/**
 * Leave to make one call, to be settled once. Closing one that is not settled counts as cancelled, and so does its
 * collection.
 *
 * ```
 * breaker.acquire().use { permit ->
 *     publish(message)
 *     permit.success()
 * }
 * ```
 */
public class Permit private constructor(private val held: Held) : AutoCloseable {
    private var cleanable: Cleaner.Cleanable? = null

    /** Whether it has been settled. */
    public val settled: Boolean get() = held.settled.get()

    /** The service is able to do its work. */
    public fun success(): Effect = settle(Outcome.SUCCESS, null as RetryAfter?)

    /** It is not. */
    public fun failure(): Effect = settle(Outcome.FAILURE, null as RetryAfter?)

    /** It is not; [retryAfter] is how long the server asks not to be called, which counts if this failure opens the circuit. */
    public fun failure(retryAfter: Duration): Effect = settle(Outcome.FAILURE, RetryAfter.of(retryAfter))

    /** For Java. */
    public fun failure(retryAfter: java.time.Duration): Effect = settle(Outcome.FAILURE, RetryAfter.of(retryAfter))

    /** The result says nothing about the service: a business error. */
    public fun ignore(): Effect = settle(Outcome.IGNORED, null as RetryAfter?)

    /** The caller gave up. */
    public fun cancel(): Effect = settle(Outcome.CANCELLED, null as RetryAfter?)

    /** Any of these. A permit that was settled before is left alone: [Effect.ALREADY_SETTLED]. */
    public fun settle(verdict: Verdict): Effect = settle(verdict.outcome, verdict.retryAfter)

    /** As [settle] with a verdict. */
    public fun settle(outcome: Outcome): Effect = settle(outcome, null as RetryAfter?)

    /** Cancels, where it is not settled. */
    override fun close() {
        cancel()
    }

    private fun settle(outcome: Outcome, retryAfter: RetryAfter?): Effect {
        val effect = held.settle(outcome, retryAfter)
        // It finds the call settled, and so only forgets it.
        cleanable?.clean()
        return effect
    }

    /** What is to be settled, apart from the permit, so that it can be when that is gone. */
    private class Held(private val handle: Handle, private val word: ULong, private val began: ULong) : Runnable {
        val settled = AtomicBoolean()

        fun settle(outcome: Outcome, retryAfter: RetryAfter?): Effect = when {
            !settled.compareAndSet(false, true) -> Effect.ALREADY_SETTLED
            else -> handle.settle(word, began, outcome, retryAfter)
        }

        override fun run() {
            settle(Outcome.CANCELLED, null)
        }
    }

    internal companion object {
        private val CLEANER: Cleaner = Cleaner.create()

        /** Asks for leave. */
        fun acquire(handle: Handle): Permit {
            val word = handle.word()
            if (word and 1 == 0) {
                return Permit(Held(handle, word.toUInt().toULong(), 0u))
            }
            val asked = handle.ask()
            val held = Held(handle, asked.word, asked.began)
            val permit = Permit(held)
            // Only these can hold a slot.
            permit.cleanable = CLEANER.register(permit, held)
            return permit
        }
    }
}
