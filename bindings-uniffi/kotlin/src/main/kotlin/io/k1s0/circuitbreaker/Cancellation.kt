package io.k1s0.circuitbreaker

import java.nio.channels.ClosedByInterruptException
import java.util.concurrent.CancellationException

/** What an exception of a guarded function counts as where no classifier says otherwise (SPEC 7.4). */
internal fun usual(error: Throwable): Verdict = when (error) {
    is InterruptedException, is ClosedByInterruptException -> Verdict.CANCELLED
    is CancellationException -> if (isTimeout(error)) Verdict.FAILURE else Verdict.CANCELLED
    else -> Verdict.FAILURE
}

/** The timeout of kotlinx-coroutines, which this package can do without. */
private val TIMEOUT: Class<*>? = try {
    Class.forName("kotlinx.coroutines.TimeoutCancellationException", false, CircuitBreaker::class.java.classLoader)
} catch (_: ClassNotFoundException) {
    null
}

/** A deadline that passed is no caller who gave up: the service was too slow. */
internal fun isTimeout(error: CancellationException): Boolean = TIMEOUT != null && TIMEOUT.isInstance(error)
