// The interceptor, and a server that fails.

import com.sun.net.httpserver.HttpServer
import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerConfig
import io.k1s0.circuitbreaker.CircuitState
import io.k1s0.circuitbreaker.okhttp.CircuitBreakerInterceptor
import io.k1s0.circuitbreaker.okhttp.CircuitOpenException
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TestTimeSource
import okhttp3.Call
import okhttp3.Callback
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class OkHttpTest {
    private val arrived = AtomicInteger()
    private val hanging = CountDownLatch(1)
    private val released = CountDownLatch(1)
    private val threads = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
        executor = threads
        createContext("/") { exchange ->
            arrived.incrementAndGet()
            val status = exchange.requestURI.path.drop(1)
            if (status == "hang") {
                hanging.countDown()
                released.await()
            } else {
                if (status == "503") exchange.responseHeaders.add("Retry-After", "120")
                exchange.sendResponseHeaders(status.toInt(), -1)
            }
            exchange.close()
        }
        start()
    }
    private val time = TestTimeSource()
    private val breaker = CircuitBreaker(CircuitBreakerConfig(failureThreshold = 2), name = "server", clock = time)
    private val client = OkHttpClient.Builder().addInterceptor(CircuitBreakerInterceptor(breaker)).build()

    private fun call(path: String): Call =
        client.newCall(Request.Builder().url("http://127.0.0.1:${server.address.port}/$path").build())

    private fun status(path: String): Int = call(path).execute().use { it.code }

    @AfterEach
    fun stop() {
        released.countDown()
        server.stop(0)
        threads.shutdown()
        client.connectionPool.evictAll()
        client.dispatcher.executorService.shutdown()
    }

    @Test
    fun `statuses count as core's table says`() {
        assertEquals(404, status("404"))
        assertEquals(200, status("200"))
        assertEquals(500, status("500"))
        val metrics = breaker.metrics()
        assertEquals(listOf(2L, 1L), listOf(metrics.successCount, metrics.failureCount))
    }

    @Test
    fun `an open circuit sends nothing, and keeps to Retry-After`() {
        repeat(2) { assertEquals(503, status("503")) }
        val open = assertThrows(CircuitOpenException::class.java) { status("200") }
        assertEquals(120.seconds, open.rejection.retryAfter)
        assertEquals(2, arrived.get())
        time += 120.seconds
        repeat(3) { assertEquals(200, status("200")) }
        assertEquals(CircuitState.CLOSED, breaker.state)
    }

    @Test
    fun `a rejection reaches an asynchronous caller as any failure of OkHttp does`() {
        breaker.trip()
        val done = CountDownLatch(1)
        var failure: IOException? = null
        call("200").enqueue(object : Callback {
            override fun onFailure(call: Call, e: IOException) {
                failure = e
                done.countDown()
            }

            override fun onResponse(call: Call, response: Response) = done.countDown()
        })
        done.await()
        assertTrue(failure is CircuitOpenException)
    }

    @Test
    fun `no server is a failure, a cancelled call is none`() {
        val dead = Request.Builder().url("http://127.0.0.1:1/").build()
        assertThrows(IOException::class.java) { client.newCall(dead).execute() }
        assertEquals(1, breaker.metrics().failureCount)
        val call = call("hang")
        threads.execute {
            hanging.await()
            call.cancel()
        }
        assertThrows(IOException::class.java) { call.execute() }
        assertEquals(1, breaker.metrics().cancelledCount)
    }

    @Test
    fun `a deadline that passes is a failure`() {
        val hasty = client.newBuilder().callTimeout(java.time.Duration.ofMillis(50)).build()
        val readsOnly = client.newBuilder().readTimeout(java.time.Duration.ofMillis(50)).build()
        for (client in listOf(hasty, readsOnly)) {
            val request = Request.Builder().url("http://127.0.0.1:${server.address.port}/hang").build()
            assertThrows(IOException::class.java) { client.newCall(request).execute() }
        }
        assertEquals(2, breaker.metrics().failureCount)
    }
}
