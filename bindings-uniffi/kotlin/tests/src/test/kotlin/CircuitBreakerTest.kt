// What users of a breaker rely on, beyond the rules of the suite.

import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerConfig
import io.k1s0.circuitbreaker.CircuitBreakerConfigException
import io.k1s0.circuitbreaker.CircuitBreakerException
import io.k1s0.circuitbreaker.CircuitBreakerRegistry
import io.k1s0.circuitbreaker.CircuitState
import io.k1s0.circuitbreaker.Effect
import io.k1s0.circuitbreaker.RejectReason
import io.k1s0.circuitbreaker.Transition
import io.k1s0.circuitbreaker.TransitionReason
import io.k1s0.circuitbreaker.Verdict
import java.util.concurrent.CancellationException
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TestTimeSource
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CircuitBreakerTest {
    private val time = TestTimeSource()

    private fun breaker(config: CircuitBreakerConfig = CircuitBreakerConfig(failureThreshold = 2)) =
        CircuitBreaker(config, name = "users", clock = time)

    private fun CircuitBreaker.fail() {
        assertThrows(IllegalStateException::class.java) { call { error("down") } }
    }

    @Test
    fun `it opens, waits and closes again`() {
        val breaker = breaker()
        assertEquals("a user", breaker.call { "a user" })
        repeat(2) { breaker.fail() }
        assertTrue(breaker.isOpen)
        time += 10.seconds
        val rejection = assertThrows(CircuitBreakerException::class.java) { breaker.call { "not called" } }
        assertEquals(20.seconds, rejection.retryAfter)
        assertEquals(java.time.Duration.ofSeconds(20), rejection.javaRetryAfter())
        assertEquals(RejectReason.OPEN, rejection.reason)
        assertEquals("the circuit breaker \"users\" is open; retry after 20s", rejection.message)
        assertEquals(0, rejection.stackTrace.size)
        time += 20.seconds
        assertEquals(CircuitState.HALF_OPEN, breaker.state)
        repeat(3) { breaker.call { } }
        assertEquals(CircuitState.CLOSED, breaker.state)
        val metrics = breaker.metrics()
        assertEquals(listOf(4L, 2L, 1L), listOf(metrics.successCount, metrics.failureCount, metrics.rejectedCount))
        assertEquals(1, metrics.transitionsBetween(CircuitState.CLOSED, CircuitState.OPEN))
    }

    @Test
    fun `a bad field is named`() {
        val error = assertThrows(CircuitBreakerConfigException::class.java) {
            CircuitBreaker(CircuitBreakerConfig(failureThreshold = 0))
        }
        assertEquals("failureThreshold is 0; it must be 1 to 4294967295", error.message)
        val negative = assertThrows(CircuitBreakerConfigException::class.java) { CircuitBreakerConfig(timeout = -(1.seconds)) }
        assertEquals("timeout is -1s; it must be 0 or more", negative.message)
        assertEquals(-1L, assertThrows(CircuitBreakerConfigException::class.java) {
            CircuitBreaker(CircuitBreakerConfig(halfOpenMaxCalls = -1))
        }.value)
    }

    @Test
    fun `an interruption and a cancellation count as cancelled`() {
        val breaker = breaker()
        assertThrows(InterruptedException::class.java) { breaker.call { throw InterruptedException() } }
        assertThrows(CancellationException::class.java) { breaker.call { throw CancellationException() } }
        assertEquals(2, breaker.metrics().cancelledCount)
        assertEquals(0, breaker.metrics().failureCount)
    }

    @Test
    fun `classifiers say what counts`() {
        val breaker = CircuitBreaker(
            CircuitBreakerConfig(),
            classifyError = { if (it is NoSuchElementException) Verdict.IGNORED else null },
            classifyResult = { if (it == "busy") Verdict.FAILURE else null },
        )
        assertThrows(NoSuchElementException::class.java) { breaker.call { throw NoSuchElementException() } }
        breaker.call { "busy" }
        breaker.call { "fine" }
        val metrics = breaker.metrics()
        assertEquals(listOf(1L, 1L, 1L), listOf(metrics.ignoredCount, metrics.failureCount, metrics.successCount))
    }

    @Test
    fun `a classifier that throws makes a failure, and both are seen`() {
        val breaker = CircuitBreaker(CircuitBreakerConfig(), classifyError = { error("classifier") })
        val thrown = IllegalArgumentException("call")
        val seen = assertThrows(IllegalStateException::class.java) { breaker.call { throw thrown } }
        assertEquals("classifier", seen.message)
        assertSame(thrown, seen.suppressed.single())
        assertEquals(1, breaker.metrics().failureCount)
    }

    @Test
    fun `a permit counts once, and its block's end is a cancellation`() {
        val breaker = breaker()
        val permit = breaker.acquire()
        assertEquals(Effect.APPLIED, permit.success())
        assertEquals(Effect.ALREADY_SETTLED, permit.failure())
        assertThrows(IllegalStateException::class.java) { breaker.acquire().use { error("before it was settled") } }
        val metrics = breaker.metrics()
        assertEquals(listOf(1L, 0L, 1L), listOf(metrics.successCount, metrics.failureCount, metrics.cancelledCount))
        breaker.trip()
        assertNull(breaker.tryAcquire())
    }

    @Test
    fun `a forgotten probe gives its slot back when it is collected`() {
        val breaker = breaker(CircuitBreakerConfig(timeout = 0.milliseconds))
        breaker.trip()
        assertEquals(1, forgotten(breaker))
        // Bounded: the collector is asked again, not waited for.
        for (attempt in 1..1000) {
            System.gc()
            if (breaker.metrics().cancelledCount == 1L) break
            Thread.onSpinWait()
        }
        assertEquals(1, breaker.metrics().cancelledCount)
        breaker.call { "a probe" }
    }

    private fun forgotten(breaker: CircuitBreaker): Int {
        breaker.acquire()
        return breaker.metrics().probesInFlight
    }

    @Test
    fun `listeners are told in order, and one that throws costs nobody else anything`() {
        val breaker = breaker()
        val told = ArrayList<Transition>()
        val uncaught = ArrayList<Throwable>()
        val handler = Thread.currentThread().uncaughtExceptionHandler
        Thread.currentThread().setUncaughtExceptionHandler { _, error -> uncaught.add(error) }
        try {
            breaker.onTransition { error("listener") }
            // One that uses the breaker: what it makes is told after.
            breaker.onTransition { if (it.reason == TransitionReason.TRIP) breaker.reset() }
            val subscription = breaker.onTransition { told.add(it) }
            breaker.trip()
            subscription.close()
            breaker.trip()
        } finally {
            Thread.currentThread().setUncaughtExceptionHandler(handler)
        }
        assertEquals(listOf("users: closed -> open (trip)", "users: open -> closed (reset)"), told.map { it.toString() })
        assertEquals(4, uncaught.size)
        assertEquals(4, breaker.recentTransitions().size)
    }

    @Test
    fun `a hand's modes`() {
        val breaker = breaker()
        breaker.forceOpen()
        val rejection = assertThrows(CircuitBreakerException::class.java) { breaker.call { } }
        assertEquals(RejectReason.FORCED_OPEN, rejection.reason)
        assertNull(rejection.retryAfter)
        breaker.forceClosed()
        repeat(9) { breaker.fail() }
        assertEquals(CircuitState.CLOSED, breaker.state)
        assertTrue(breaker.metrics().forced)
        breaker.automatic()
        assertTrue(!breaker.explain().forced)
        breaker.tick()
    }

    @Test
    fun `an explanation has data and words`() {
        val breaker = breaker()
        breaker.recordFailure()
        val explanation = breaker.explain()
        assertEquals(CircuitState.CLOSED, explanation.state)
        assertEquals(1, explanation.needs.size)
        assertTrue(explanation.json.startsWith("{"))
        assertTrue("users" in explanation.toString())
    }

    @Test
    fun `a registry makes one of each name`() {
        val registry = CircuitBreakerRegistry(CircuitBreakerConfig(failureThreshold = 1))
        assertSame(registry["a"], registry["a"])
        registry["a"].recordFailure()
        assertTrue(registry["a"].isOpen)
        assertTrue(!registry["b"].isOpen)
        assertEquals(setOf("a", "b"), registry.breakers.keys)
        registry.remove("a")
        assertTrue("a" !in registry)
        assertThrows(CircuitBreakerConfigException::class.java) {
            CircuitBreakerRegistry(CircuitBreakerConfig(jitter = 2.0))
        }
    }
}
