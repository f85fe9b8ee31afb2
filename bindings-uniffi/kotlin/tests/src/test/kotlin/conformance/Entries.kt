// The ways into a breaker. Each holds calls open, as a scenario's permits are, and ends them as it is told.

package conformance

import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerException
import io.k1s0.circuitbreaker.Effect
import io.k1s0.circuitbreaker.ErrorClassifier
import io.k1s0.circuitbreaker.Outcome
import io.k1s0.circuitbreaker.Permit
import io.k1s0.circuitbreaker.Verdict
import io.k1s0.circuitbreaker.callSuspending
import java.time.Duration
import java.util.concurrent.Callable
import java.util.concurrent.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue

/** What a guarded function throws so that its call ends so, and what the server asks for with it. */
class Thrown(val how: String, val retryAfter: Duration? = null) : Exception(how)

/** What every breaker of the suite is made with. A failure without a wish is left to the default. */
val classify = ErrorClassifier { error ->
    when {
        error !is Thrown -> null
        error.how == "ignored" -> Verdict.IGNORED
        error.retryAfter != null -> Verdict(Outcome.FAILURE, error.retryAfter)
        else -> null
    }
}

/** What a function does at its end: a value to return, or something to throw. */
fun ending(result: String, retryAfter: Duration? = null): Any = when (result) {
    "success" -> Any()
    "panic" -> AssertionError("unexpected")
    "cancel", "cancelled" -> CancellationException("given up")
    else -> Thrown(result, retryAfter)
}

fun end(token: Any): Any = if (token is Throwable) throw token else token

/** A way in. */
interface Entry {
    /** Begins a call and holds it. */
    fun acquire(name: String)

    /** Ends a held call; what the settlement did, where that is said. */
    fun settle(name: String, outcome: String, retryAfter: Duration?): Effect?

    /** Abandons a held call. */
    fun drop(name: String)

    /** A whole call. */
    fun call(result: String, meanwhile: () -> Unit)
}

/** `acquire()` and a permit's own methods. */
open class Permits(private val breaker: CircuitBreaker) : Entry {
    private val held = HashMap<String, Permit>()

    override fun acquire(name: String) {
        held[name] = breaker.acquire()
    }

    override fun settle(name: String, outcome: String, retryAfter: Duration?): Effect? =
        settle(held.getValue(name), outcome, retryAfter)

    protected open fun settle(permit: Permit, outcome: String, retryAfter: Duration?): Effect = when (outcome) {
        "success" -> permit.success()
        "failure" -> if (retryAfter == null) permit.failure() else permit.failure(retryAfter)
        "ignored" -> permit.ignore()
        else -> permit.cancel()
    }

    override fun drop(name: String) {
        held[name]?.close()
    }

    override fun call(result: String, meanwhile: () -> Unit) = breaker.acquire().use { permit ->
        meanwhile()
        assertFalse(permit.settled)
        // Left to the end of the block.
        if (result != "cancel") {
            settle(permit, if (result == "panic") "failure" else result, null)
            assertTrue(permit.settled)
            assertEquals(Effect.ALREADY_SETTLED, permit.cancel())
        }
    }
}

/** `acquire()`, and `settle()` with a verdict. */
class Settle(breaker: CircuitBreaker) : Permits(breaker) {
    override fun settle(permit: Permit, outcome: String, retryAfter: Duration?): Effect {
        val what = Outcome.valueOf(word(outcome))
        return if (retryAfter == null) permit.settle(what) else permit.settle(Verdict(what, retryAfter))
    }
}

/** `breaker.callSuspending { }`; a held call is one that is suspended. */
@OptIn(ExperimentalCoroutinesApi::class)
class CallSuspending(private val breaker: CircuitBreaker) : Entry {
    private class Held(val finish: CompletableDeferred<Any>, val running: Deferred<Any>)

    private val held = HashMap<String, Held>()

    private fun start(block: suspend () -> Any): Deferred<Any> =
        CoroutineScope(SupervisorJob() + Dispatchers.Unconfined).async { breaker.callSuspending(block) }

    override fun acquire(name: String) {
        val finish = CompletableDeferred<Any>()
        // What it throws is thrown again as itself, and not as a copy of it for another coroutine's stack.
        val running = start { end(finish.await()) }
        running.getCompletionExceptionIfFailed()?.let { throw it }
        held[name] = Held(finish, running)
    }

    override fun settle(name: String, outcome: String, retryAfter: Duration?): Effect? {
        val call = held.remove(name) ?: return null
        if (outcome == "cancelled") {
            call.running.cancel()
            assertTrue(call.running.isCompleted && call.running.isCancelled)
        } else {
            val token = ending(outcome, retryAfter)
            call.finish.complete(token)
            ended(outcome, token, call.running)
        }
        return null
    }

    override fun drop(name: String) {
        settle(name, "cancelled", null)
    }

    override fun call(result: String, meanwhile: () -> Unit) {
        val token = ending(result)
        val running = start {
            meanwhile()
            if (result == "cancel") {
                currentCoroutineContext().cancel()
                awaitCancellation()
            }
            end(token)
        }
        if (result == "cancel") {
            val error = running.getCompletionExceptionIfFailed()
            if (error is CircuitBreakerException) throw error
            assertTrue(running.isCancelled)
        } else {
            ended(result, token, running)
        }
    }

    private fun ended(result: String, token: Any, running: Deferred<Any>) {
        assertTrue(running.isCompleted)
        val error = running.getCompletionExceptionIfFailed()
        if (error != null && error !== token) throw error
        assertEquals(result == "success", error == null)
        if (error == null) assertSame(token, running.getCompleted())
    }

    private fun Deferred<*>.getCompletionExceptionIfFailed(): Throwable? =
        if (isCompleted) getCompletionExceptionOrNull() else null
}

/**
 * `breaker.call { }`, and so on. What a scenario does while the call is held, it does inside of the function; so it must end
 * the calls that it holds in the reverse order.
 */
class Nested(private val run: (block: () -> Any) -> Any) : Entry {
    /** [meanwhile] plays on, and answers how this call ends. */
    fun hold(meanwhile: () -> Pair<String, Duration?>) = guarded {
        val (outcome, retryAfter) = meanwhile()
        outcome to ending(outcome, retryAfter)
    }

    override fun call(result: String, meanwhile: () -> Unit) = guarded {
        meanwhile()
        result to ending(result)
    }

    private fun guarded(body: () -> Pair<String, Any>) {
        var expected: Pair<String, Any>? = null
        val found = try {
            run {
                val ends = body()
                expected = ends
                end(ends.second)
            }
        } catch (error: Throwable) {
            val (result, token) = expected ?: throw error
            if (error !== token) throw error
            assertTrue(result != "success")
            return
        }
        assertEquals("success", expected?.first)
        assertSame(expected?.second, found)
    }

    override fun acquire(name: String) = error("held by hold()")

    override fun settle(name: String, outcome: String, retryAfter: Duration?): Effect? = error("ended inside")

    override fun drop(name: String) = error("ended inside")
}

/** Those whose calls may be open side by side. */
val ENTRIES: Map<String, (CircuitBreaker) -> Entry> = mapOf(
    "permits" to ::Permits,
    "settle" to ::Settle,
    "callSuspending" to ::CallSuspending,
)

/** Those whose calls lie inside of one another. */
val NESTED: Map<String, (CircuitBreaker) -> Nested> = mapOf(
    "call" to { breaker -> Nested { block -> breaker.call { block() } } },
    "callable" to { breaker -> Nested { block -> breaker.call(Callable { block() }) } },
    "wrap" to { breaker -> Nested { block -> breaker.wrap(Callable { block() }).call() } },
)
