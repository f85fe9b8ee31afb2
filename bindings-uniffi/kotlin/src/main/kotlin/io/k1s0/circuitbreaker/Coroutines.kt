@file:JvmName("Coroutines")

package io.k1s0.circuitbreaker

import kotlin.coroutines.cancellation.CancellationException
import kotlin.coroutines.coroutineContext
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.isActive

/**
 * As [CircuitBreaker.call], of a function that suspends. If the calling coroutine is cancelled meanwhile, the call is
 * cancelled; a `TimeoutCancellationException` is a failure, whoever's the timeout was, and so is a cancellation that is
 * not the caller's.
 *
 * @throws CircuitBreakerException if [block] was not called
 */
public suspend fun <T> CircuitBreaker.callSuspending(block: suspend () -> T): T {
    val word = word()
    val asked = if (word and 1 == 0) null else ask()
    val result = try {
        block()
    } catch (error: Throwable) {
        val others = error is CancellationException && coroutineContext.isActive
        failed(word, asked, error, if (others) Verdict.FAILURE else usual(error))
        throw error
    }
    succeeded(word, asked, result)
    return result
}

/** Every transition from now on, in order. None is dropped, so collect them; the breaker never waits for who does. */
public fun CircuitBreaker.transitionFlow(): Flow<Transition> = callbackFlow {
    val subscription = onTransition { trySend(it) }
    awaitClose { subscription.close() }
}.buffer(Channel.UNLIMITED)
