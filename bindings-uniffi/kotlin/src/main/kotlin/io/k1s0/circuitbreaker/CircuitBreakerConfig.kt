package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.Refused
import io.k1s0.circuitbreaker.ffi.Settings
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * When a circuit opens, how long it stays open, and when it closes. It is checked where a breaker is made of it:
 * [CircuitBreakerConfigException] names field, value and range. From Java use [builder].
 */
public class CircuitBreakerConfig internal constructor(internal val settings: Settings) {
    /**
     * Every field has its default.
     *
     * @param failureThreshold failures in a row that open the circuit: 1 to 4294967295; null where a rate is to open it
     *   instead
     * @param successThreshold successful probes that close it again: 1 to 4294967295
     * @param timeout how long an open circuit rejects calls; zero makes the next call a probe, [Duration.INFINITE] waits
     *   until it is closed by hand
     * @param halfOpenMaxCalls how many probes may be unsettled at once: 1 to 65535
     * @param probeTimeout when a full set of unsettled probes is given up: 1 ms or more
     * @param failureRate how large a part of the window's calls must fail to open the circuit: more than 0, at most 1; off
     *   by default
     * @param minimumCalls fewer calls in the window than this decide nothing: 1 to 4294967295
     * @param windowCalls the rates are about the last so many calls: 1 to 65536; where [windowTime] is given, about that
     * @param windowTime the rates are about the calls of the last so much time instead: 10 ms to 24 h
     * @param windowBuckets in how many stretches that time is cut, the oldest of which is forgotten at a time: 10 to 100
     * @param slowCallDuration calls that take so long or longer are slow: 1 ns or more; off by default
     * @param slowCallRate how large a part of the window's calls must be slow to open the circuit: more than 0, at most 1
     * @param slowMinimumCalls as [minimumCalls], for slow calls
     * @param countHungCalls whether calls count as slow while they are still in flight; see [CircuitBreaker.tick]
     * @param backoffMultiplier each wait by the one before it: 1 to 100 times
     * @param maxTimeout the longest wait, [timeout] or more; by default 10 minutes, or [timeout] where that is longer
     * @param jitter how large a part of itself a wait may be off, to either side: 0 to 1
     * @param jitterSeed where the random numbers for the jitter begin, any 64 bits; drawn where it is not given
     * @param shadow decide and tell, but reject nothing
     */
    public constructor(
        failureThreshold: Long? = 5,
        successThreshold: Long = 3,
        timeout: Duration = 30.seconds,
        halfOpenMaxCalls: Long = 1,
        probeTimeout: Duration = 60.seconds,
        failureRate: Double? = null,
        minimumCalls: Long = 20,
        windowCalls: Long = 100,
        windowTime: Duration? = null,
        windowBuckets: Long = 10,
        slowCallDuration: Duration? = null,
        slowCallRate: Double = 0.8,
        slowMinimumCalls: Long = 20,
        countHungCalls: Boolean = false,
        backoffMultiplier: Double = 1.0,
        maxTimeout: Duration? = null,
        jitter: Double = 0.0,
        jitterSeed: Long? = null,
        shadow: Boolean = false,
    ) : this(
        Settings(
            failureThreshold = failureThreshold,
            successThreshold = successThreshold,
            timeout = bits("timeout", timeout),
            halfOpenMaxCalls = halfOpenMaxCalls,
            probeTimeout = bits("probeTimeout", probeTimeout),
            failureRate = failureRate,
            minimumCalls = minimumCalls,
            windowCalls = windowCalls,
            windowTime = windowTime?.let { bits("windowTime", it) },
            windowBuckets = windowBuckets,
            slowCallDuration = slowCallDuration?.let { bits("slowCallDuration", it) },
            slowCallRate = slowCallRate,
            slowMinimumCalls = slowMinimumCalls,
            countHungCalls = countHungCalls,
            backoffMultiplier = backoffMultiplier,
            maxTimeout = maxTimeout?.let { bits("maxTimeout", it) },
            jitter = jitter,
            jitterSeed = jitterSeed?.toULong(),
            shadow = shadow,
        ),
    )

    /** What core has against it, in this language's words. */
    internal fun refused(error: Refused): CircuitBreakerConfigException {
        error as Refused.Field
        val name = camelCase(error.field)
        val field = if (name == "window") windowField() else name
        return CircuitBreakerConfigException(field, value(field), SNAKE_CASE.replace(error.range) { camelCase(it.value) })
    }

    private fun windowField() = if (settings.windowTime == null) "windowCalls" else "windowTime"

    private fun value(field: String): Any? = when (field) {
        "failureThreshold" -> settings.failureThreshold
        "successThreshold" -> settings.successThreshold
        "timeout" -> length(settings.timeout)
        "halfOpenMaxCalls" -> settings.halfOpenMaxCalls
        "probeTimeout" -> length(settings.probeTimeout)
        "failureRate" -> settings.failureRate
        "minimumCalls" -> settings.minimumCalls
        "windowCalls" -> settings.windowCalls
        "windowTime" -> settings.windowTime?.let(::length)
        "windowBuckets" -> settings.windowBuckets
        "slowCallDuration" -> settings.slowCallDuration?.let(::length)
        "slowCallRate" -> settings.slowCallRate
        "slowMinimumCalls" -> settings.slowMinimumCalls
        "countHungCalls" -> settings.countHungCalls
        "backoffMultiplier" -> settings.backoffMultiplier
        "maxTimeout" -> settings.maxTimeout?.let(::length)
        "jitter" -> settings.jitter
        else -> null
    }

    private fun length(bits: ULong): Duration = wait(bits) ?: Duration.INFINITE

    public companion object {
        private val SNAKE_CASE = Regex("[a-z]+(_[a-z]+)+")

        /** For Java: every field has its default until it is set. */
        @JvmStatic
        public fun builder(): CircuitBreakerConfigBuilder = CircuitBreakerConfigBuilder()
    }
}

/** A name of the library's as it is written here. */
internal fun camelCase(name: String): String = Regex("_([a-z])").replace(name) { it.groupValues[1].uppercase() }
