package io.k1s0.circuitbreaker.okhttp

import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerException
import io.k1s0.circuitbreaker.Outcome
import io.k1s0.circuitbreaker.Permit
import io.k1s0.circuitbreaker.TransportError
import io.k1s0.circuitbreaker.Verdict
import io.k1s0.circuitbreaker.classifyHttpStatus
import io.k1s0.circuitbreaker.classifyTransportError
import io.k1s0.circuitbreaker.httpRetryAfter
import java.io.IOException
import java.io.InterruptedIOException
import java.net.ConnectException
import java.net.MalformedURLException
import java.net.NoRouteToHostException
import java.net.ProtocolException
import java.net.SocketTimeoutException
import java.net.UnknownHostException
import javax.net.ssl.SSLException
import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.Response

/**
 * Guards an `OkHttpClient`: add it with `addInterceptor`. A 404 is a healthy server's answer, a 503 is not, and its
 * `Retry-After` is honoured. A call counts when its headers have come, retries and redirects of the client included.
 */
public class CircuitBreakerInterceptor(private val breakerOf: (Request) -> CircuitBreaker) : Interceptor {
    /** One breaker for all requests. */
    public constructor(breaker: CircuitBreaker) : this({ breaker })

    /** @throws CircuitOpenException where the circuit does not let the call through */
    override fun intercept(chain: Interceptor.Chain): Response {
        val permit = try {
            breakerOf(chain.request()).acquire()
        } catch (rejection: CircuitBreakerException) {
            throw CircuitOpenException(rejection)
        }
        return permit.use { proceed(chain, it) }
    }

    private fun proceed(chain: Interceptor.Chain, permit: Permit): Response {
        val began = System.nanoTime()
        val response = try {
            chain.proceed(chain.request())
        } catch (error: IOException) {
            val ended = if (chain.call().isCanceled()) cancelled(chain, began) else kind(error)
            permit.settle(classifyTransportError(ended))
            throw error
        } catch (error: Throwable) {
            permit.failure()
            throw error
        }
        permit.settle(verdict(response))
        return response
    }

    private fun verdict(response: Response): Verdict {
        val outcome = classifyHttpStatus(response.code)
        if (outcome != Outcome.FAILURE) {
            return Verdict(outcome)
        }
        val asked = response.header("Retry-After")
        val wait = if (asked == null) null else httpRetryAfter(response.code, asked, response.header("Date"))
        return if (wait == null) Verdict.FAILURE else Verdict(outcome, wait)
    }

    /** The timeout of a whole call cancels it, as its caller may. OkHttp does not say which it was; the time that it took does. */
    private fun cancelled(chain: Interceptor.Chain, began: Long): TransportError {
        val limit = chain.call().timeout().timeoutNanos()
        // The call began a little before this interceptor did.
        val nearly = limit - limit / 10
        val timedOut = limit > 0 && System.nanoTime() - began >= nearly
        return if (timedOut) TransportError.TIMEOUT else TransportError.CANCELLED
    }

    private fun kind(error: IOException): TransportError = when (error) {
        is UnknownHostException, is ConnectException, is NoRouteToHostException -> TransportError.CONNECT
        is SocketTimeoutException -> TransportError.TIMEOUT
        is SSLException -> TransportError.TLS
        is MalformedURLException -> TransportError.INVALID_REQUEST
        is ProtocolException -> TransportError.RESET
        is InterruptedIOException -> TransportError.CANCELLED
        else -> TransportError.RESET
    }
}

/** A call was not made: a [CircuitBreakerException] in the type that OkHttp hands on. */
public class CircuitOpenException(
    /** The rejection. */
    public val rejection: CircuitBreakerException,
) : IOException(rejection.message, rejection) {
    private companion object {
        private const val serialVersionUID = 1L
    }
}
