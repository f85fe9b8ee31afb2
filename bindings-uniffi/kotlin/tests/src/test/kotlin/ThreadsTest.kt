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

    @Test
    fun `a million breakers come and go`() {
        fun resident() = File("/proc/self/statm").readText().split(" ")[1].toLong() * 4096 / 1_000_000
        fun some(count: Int) = repeat(count) { CircuitBreaker().call { } }
        some(200_000)
        System.gc()
        val before = resident()
        some(800_000)
        System.gc()
        val after = resident()
        println("figure: 1,000,000 breakers made and collected, $before MB resident after 200,000, $after MB after all")
        assertTrue(after - before < 64, "$before MB became $after MB")
    }
}
