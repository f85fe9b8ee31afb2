// Plays a scenario on a breaker through one way in. The contract is in conformance/README.md.

package conformance

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerException
import io.k1s0.circuitbreaker.CircuitBreakerMetrics
import io.k1s0.circuitbreaker.CircuitState
import io.k1s0.circuitbreaker.RejectReason
import io.k1s0.circuitbreaker.Transition
import java.math.BigInteger
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail

/** How a held call ends, and the step that says so; none where the scenario ends first. */
private class Ended(val outcome: String, val retryAfter: Duration?, val step: JsonObject?)

class Player(scenario: JsonObject, enter: (CircuitBreaker) -> Entry) {
    private val steps = scenario.list("steps").map { it.asJsonObject }
    private var now = BigInteger.ZERO
    private val breaker = CircuitBreaker.builder()
        .config(config(scenario["config"]))
        .nanoClock { now.toLong() }
        .classifyError(classify)
        .build()
    private val fresh = ArrayList<Transition>()
    private var told = ArrayList<Transition>()
    private var remembered = listOf<Transition>()
    private var lastState = CircuitState.CLOSED
    private var lastEpoch = 1L
    private var next = 0
    private val entry = enter(breaker)

    init {
        breaker.onTransition { fresh.add(it) }
    }

    fun play() = steps.forEach { step ->
        explained(step) {
            act(step)
            after(step)
        }
    }

    fun playNested() {
        playUntil(null)
    }

    /** As [play], where held calls are functions that are being run: plays on until [ends] is to end. */
    private fun playUntil(ends: String?): Ended {
        while (next < steps.size) {
            val step = steps[next]
            next += 1
            if (ends != null && step.isEnd() && step.text("permit") == ends) {
                val outcome = if (step.text("op") == "drop") "cancelled" else step["outcome"].asString
                return Ended(outcome, retryAfter(step), step)
            }
            explained(step) {
                if (step.text("op") == "acquire") hold(step) else if (!step.isEnd()) act(step)
                after(step)
            }
        }
        return Ended("success", null, null)
    }

    private fun hold(step: JsonObject) {
        var ended: Ended? = null
        try {
            (entry as Nested).hold {
                assertEquals("admitted", step.text("expect"))
                // What is looked at after the acquisition, before the rest.
                after(step)
                val end = playUntil(step["permit"].asString)
                ended = end
                end.outcome to end.retryAfter
            }
        } catch (rejection: CircuitBreakerException) {
            rejectedAs(step["expect"], rejection)
        }
        ended?.step?.let(::after)
    }

    private fun explained(step: JsonObject, body: () -> Unit) {
        try {
            body()
        } catch (error: Explained) {
            throw error
        } catch (error: Throwable) {
            throw Explained("step ${steps.indexOf(step) + 1}, $step: $error", error)
        }
    }

    private fun after(step: JsonObject) {
        lookAtTransitions()
        if (step.text("op") == "transitions") {
            compareTransitions(step.list("expect").map { it.asJsonObject })
        }
    }

    /** P4: each `from` is the `to` before it, and epochs have no gaps. */
    private fun lookAtTransitions() {
        for (it in fresh) {
            assertEquals(lastState, it.from)
            assertEquals(lastEpoch + 1, it.epoch)
            lastState = it.to
            lastEpoch = it.epoch
        }
        told.addAll(fresh)
        remembered = (remembered + fresh).takeLast(32)
        fresh.clear()
        assertEquals(remembered, breaker.recentTransitions())
    }

    private fun compareTransitions(expected: List<JsonObject>) {
        val found = told
        told = ArrayList()
        assertEquals(expected.size, found.size, "$found")
        for ((it, mine) in found.zip(expected)) {
            assertEquals(
                listOf(mine["from"], mine["to"], mine["reason"]).map { word(it.asString) },
                listOf(it.from.name, it.to.name, it.reason.name),
            )
            assertEquals(mine["epoch"].asLong, it.epoch)
            assertEquals(length(nanoseconds(mine, "at") ?: BigInteger.ZERO), it.javaAt())
        }
    }

    private fun rejectedAs(expected: JsonElement?, error: CircuitBreakerException) {
        if (expected == null || !expected.isJsonObject) throw AssertionError("rejected: $error", error)
        val rejection = expected.asJsonObject
        assertEquals(word(rejection["rejected"].asString), error.reason.name)
        assertEquals(nanoseconds(rejection, "retry_after")?.let(::length), error.javaRetryAfter())
    }

    private fun verdict(expected: JsonElement?, run: () -> Unit) {
        try {
            run()
        } catch (rejection: CircuitBreakerException) {
            return rejectedAs(expected, rejection)
        }
        assertTrue(expected == null || !expected.isJsonObject, "not rejected")
    }

    private fun act(step: JsonObject) {
        when (val op = step["op"].asString) {
            "advance" -> now += nanoseconds(step)!!
            "set_clock" -> now = nanoseconds(step)!!
            "acquire" -> verdict(step["expect"]) { entry.acquire(step["permit"].asString) }
            "settle" -> settle(step)
            "drop" -> entry.drop(step["permit"].asString)
            "call" -> call(step)
            "record" -> record(step)
            "tick" -> breaker.tick()
            "control" -> control(step["do"].asString)
            "state" -> state(step["expect"].asString)
            "metrics" -> metrics(step["expect"].asJsonObject)
            // Looked at after every step.
            "transitions" -> Unit
            // A closed breaker's clock is read where the library is called: that cannot be counted here.
            "clock_reads" -> Unit
            else -> fail(op)
        }
    }

    private fun settle(step: JsonObject) {
        val effect = entry.settle(step["permit"].asString, step["outcome"].asString, retryAfter(step))
        if (effect != null) {
            assertEquals(word(step["expect"].asString), effect.name)
        }
    }

    private fun call(step: JsonObject) {
        val takes = nanoseconds(step, "takes") ?: BigInteger.ZERO
        val expected = step["expect"]
        repeat(step.times()) {
            var ran = 0
            verdict(expected) {
                entry.call(step["result"].asString) {
                    ran += 1
                    now += takes
                }
            }
            assertEquals(if (expected.isJsonObject) 0 else 1, ran)
        }
    }

    private fun record(step: JsonObject) = repeat(step.times()) {
        if (step.text("outcome") == "success") breaker.recordSuccess() else breaker.recordFailure()
    }

    private fun control(what: String) = when (what) {
        "reset" -> breaker.reset()
        "trip" -> breaker.trip()
        "force_open" -> breaker.forceOpen()
        "force_closed" -> breaker.forceClosed()
        "automatic" -> breaker.automatic()
        else -> error(what)
    }

    private fun state(expected: String) {
        assertEquals(word(expected), breaker.state.name)
        assertEquals(expected == "open", breaker.isOpen)
        assertEquals(word(expected), breaker.explain().state.name)
    }

    private fun metrics(expected: JsonObject) {
        val found = breaker.metrics()
        for ((name, value) in expected.entrySet()) {
            if (name.startsWith("remaining_wait")) {
                val wait = if (value.isJsonNull) null else nanoseconds(expected, "remaining_wait")?.let(::length)
                assertEquals(wait, found.javaRemainingWait(), name)
            } else {
                assertEquals(plain(value), metric(found, name), name)
            }
        }
    }
}

private fun plain(value: JsonElement): Any? = when {
    value.isJsonNull -> null
    value.asJsonPrimitive.isString -> word(value.asString)
    value.asJsonPrimitive.isBoolean -> value.asBoolean
    else -> value.asDouble
}

private fun metric(found: CircuitBreakerMetrics, name: String): Any? = when (name) {
    "state" -> found.state.name
    "forced" -> found.forced
    "success_rate" -> found.successRate
    else -> count(found, name).toDouble()
}

private fun count(found: CircuitBreakerMetrics, name: String): Long = when (name) {
    "success" -> found.successCount
    "failure" -> found.failureCount
    "ignored" -> found.ignoredCount
    "cancelled" -> found.cancelledCount
    "rejected" -> found.rejectedCount
    "would_reject" -> found.wouldRejectCount
    "slow" -> found.slowCount
    "stale" -> found.staleCount
    "transitions" -> found.transitionCount
    "epoch" -> found.epoch
    "consecutive_failures" -> found.consecutiveFailures
    "probes_in_flight" -> found.probesInFlight.toLong()
    "window_calls" -> found.windowCalls
    "window_failures" -> found.windowFailures
    "window_slow" -> found.windowSlow
    else -> {
        val counts = if (name.startsWith("would_reject_")) found.wouldRejectByReason else found.rejectedByReason
        counts.getValue(RejectReason.valueOf(word(name.substringAfter("reject_").substringAfter("rejected_"))))
    }
}

private fun JsonObject.isEnd() = text("op") == "settle" || text("op") == "drop"

private fun JsonObject.times() = get("times")?.asInt ?: 1

private fun retryAfter(step: JsonObject): Duration? = nanoseconds(step, "retry_after")?.let(::length)

private class Explained(message: String, cause: Throwable) : AssertionError(message, cause)
