// Many threads, and many breakers.

import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerConfig
import java.io.File
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ThreadsTest {
    @Test
    fun `every success is counted once, however many threads`() {
        val breaker = CircuitBreaker(CircuitBreakerConfig(failureRate = 0.5))
        val threads = List(16) { thread { repeat(100_000) { breaker.call { } } } }
        threads.forEach { it.join() }
        assertEquals(1_600_000, breaker.metrics().successCount)
    }

    @Test
    fun `transitions come in order from many threads`() {
        val breaker = CircuitBreaker()
        val epochs = ArrayList<Long>()
        breaker.onTransition { epochs.add(it.epoch) }
        List(8) { thread { repeat(500) { breaker.reset() } } }.forEach { it.join() }
        assertEquals((2L..4001L).toList(), epochs)
    }

    /** The heap is of one size from the beginning, so what grows is the library's. */
    @Test
    fun `breakers come and go, and no memory goes with them`() {
        fun resident() = File("/proc/self/statm").readText().split(" ")[1].toLong() * 4096 / 1_000_000
        fun some(count: Int) = repeat(count) { CircuitBreaker().call { } }
        val count = if (FULL) 500_000 else 20_000
        some(count)
        System.gc()
        val before = resident()
        some(count)
        System.gc()
        val after = resident()
        println("figure: ${2 * count} breakers made and collected, $before MB resident after half of them, $after MB after all")
        assertTrue(after - before < 48, "$before MB became $after MB")
    }
}

/** Whether the long proofs are to be of full size. */
val FULL: Boolean = System.getenv("K1S0_FULL") != null
