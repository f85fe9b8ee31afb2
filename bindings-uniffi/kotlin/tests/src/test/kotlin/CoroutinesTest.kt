// Suspending calls, on virtual time.

import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerConfig
import io.k1s0.circuitbreaker.CircuitBreakerException
import io.k1s0.circuitbreaker.CircuitState
import io.k1s0.circuitbreaker.callSuspending
import io.k1s0.circuitbreaker.transitionFlow
import java.util.concurrent.CancellationException
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test

@OptIn(ExperimentalCoroutinesApi::class)
class CoroutinesTest {
    @Test
    fun `virtual time is the breaker's time`() = runTest {
        val breaker = CircuitBreaker(CircuitBreakerConfig(failureThreshold = 1), clock = testScheduler.timeSource)
        try {
            breaker.callSuspending { withTimeout(1.seconds) { delay(1.hours) } }
            fail("it takes too long")
        } catch (_: TimeoutCancellationException) {
        }
        assertEquals(1, breaker.metrics().failureCount)
        assertTrue(breaker.isOpen)
        try {
            breaker.callSuspending { }
            fail("it is open")
        } catch (rejection: CircuitBreakerException) {
            delay(rejection.retryAfter!!)
        }
        assertEquals(CircuitState.HALF_OPEN, breaker.state)
        assertEquals(7, breaker.callSuspending { delay(1.seconds); 7 })
    }

    @Test
    fun `a caller that is cancelled is no failure`() = runTest {
        val breaker = CircuitBreaker(CircuitBreakerConfig(failureThreshold = 1))
        val job = launch { breaker.callSuspending { awaitCancellation() } }
        yield()
        job.cancel()
        job.join()
        assertEquals(1, breaker.metrics().cancelledCount)
        assertEquals(CircuitState.CLOSED, breaker.state)
    }

    @Test
    fun `another's cancellation is a failure`() = runTest {
        val breaker = CircuitBreaker(CircuitBreakerConfig())
        val others = CompletableDeferred<Int>()
        others.cancel()
        try {
            breaker.callSuspending { others.await() }
            fail("it was cancelled")
        } catch (_: CancellationException) {
        }
        assertEquals(1, breaker.metrics().failureCount)
    }

    @Test
    fun `the caller's own deadline is a failure`() = runTest {
        val breaker = CircuitBreaker(CircuitBreakerConfig())
        try {
            withTimeout(1.seconds) { breaker.callSuspending { awaitCancellation() } }
            fail("it takes too long")
        } catch (_: TimeoutCancellationException) {
        }
        assertEquals(1, breaker.metrics().failureCount)
    }

    @Test
    fun `transitions flow`() = runTest {
        val breaker = CircuitBreaker()
        val told = ArrayList<String>()
        val collecting = launch(UnconfinedTestDispatcher(testScheduler)) {
            breaker.transitionFlow().collect { told.add(it.toString()) }
        }
        breaker.trip()
        breaker.reset()
        yield()
        collecting.cancel()
        assertEquals(listOf("closed -> open (trip)", "open -> closed (reset)"), told)
    }

    @Test
    fun `cancelled probes lose no slot`() = runTest(timeout = 600.seconds) {
        val slots = 100L
        val rounds = if (FULL) 1000 else 100
        val breaker = CircuitBreaker(CircuitBreakerConfig(timeout = 0.seconds, halfOpenMaxCalls = slots))
        breaker.trip()
        withContext(Dispatchers.Default) {
            repeat(rounds) {
                coroutineScope {
                    val calls = List(slots.toInt()) {
                        val began = CompletableDeferred<Unit>()
                        began to async {
                            breaker.callSuspending {
                                began.complete(Unit)
                                awaitCancellation()
                            }
                        }
                    }
                    calls.forEach { (began, _) -> began.await() }
                    calls.forEach { (_, call) -> call.cancel() }
                }
            }
        }
        val metrics = breaker.metrics()
        assertEquals(rounds * slots, metrics.cancelledCount)
        assertEquals(0, metrics.probesInFlight)
        assertEquals(CircuitState.HALF_OPEN, metrics.state)
        println("figure: ${metrics.cancelledCount} coroutine cancellations, ${metrics.probesInFlight} slots lost")
    }
}
