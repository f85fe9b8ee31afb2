package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.Settings
import java.time.Duration

/** Makes a [CircuitBreakerConfig] in Java; the fields are those of its constructor. */
public class CircuitBreakerConfigBuilder internal constructor() {
    private var settings: Settings = CircuitBreakerConfig().settings

    /** Failures in a row that open the circuit; null where a rate is to. */
    public fun failureThreshold(failures: Long?): CircuitBreakerConfigBuilder =
        with(settings.copy(failureThreshold = failures))

    /** Successful probes that close it again. */
    public fun successThreshold(successes: Long): CircuitBreakerConfigBuilder =
        with(settings.copy(successThreshold = successes))

    /** How long an open circuit rejects calls. */
    public fun timeout(timeout: Duration): CircuitBreakerConfigBuilder =
        with(settings.copy(timeout = bits("timeout", timeout)))

    /** How many probes may be unsettled at once. */
    public fun halfOpenMaxCalls(calls: Long): CircuitBreakerConfigBuilder = with(settings.copy(halfOpenMaxCalls = calls))

    /** When a full set of unsettled probes is given up. */
    public fun probeTimeout(timeout: Duration): CircuitBreakerConfigBuilder =
        with(settings.copy(probeTimeout = bits("probeTimeout", timeout)))

    /** How large a part of the window's calls must fail; null is off. */
    public fun failureRate(rate: Double?): CircuitBreakerConfigBuilder = with(settings.copy(failureRate = rate))

    /** Fewer calls in the window decide nothing. */
    public fun minimumCalls(calls: Long): CircuitBreakerConfigBuilder = with(settings.copy(minimumCalls = calls))

    /** The window: the last so many calls. */
    public fun windowCalls(calls: Long): CircuitBreakerConfigBuilder = with(settings.copy(windowCalls = calls))

    /** The window: the calls of the last so much time; null for the last calls. */
    public fun windowTime(time: Duration?): CircuitBreakerConfigBuilder =
        with(settings.copy(windowTime = time?.let { bits("windowTime", it) }))

    /** In how many stretches that time is cut. */
    public fun windowBuckets(buckets: Long): CircuitBreakerConfigBuilder = with(settings.copy(windowBuckets = buckets))

    /** Calls that take so long are slow; null is off. */
    public fun slowCallDuration(duration: Duration?): CircuitBreakerConfigBuilder =
        with(settings.copy(slowCallDuration = duration?.let { bits("slowCallDuration", it) }))

    /** How large a part of the window's calls must be slow. */
    public fun slowCallRate(rate: Double): CircuitBreakerConfigBuilder = with(settings.copy(slowCallRate = rate))

    /** As [minimumCalls], for slow calls. */
    public fun slowMinimumCalls(calls: Long): CircuitBreakerConfigBuilder = with(settings.copy(slowMinimumCalls = calls))

    /** Whether calls count as slow while they are still in flight. */
    public fun countHungCalls(count: Boolean): CircuitBreakerConfigBuilder = with(settings.copy(countHungCalls = count))

    /** Each wait by the one before it. */
    public fun backoffMultiplier(multiplier: Double): CircuitBreakerConfigBuilder =
        with(settings.copy(backoffMultiplier = multiplier))

    /** The longest wait; null for the default. */
    public fun maxTimeout(timeout: Duration?): CircuitBreakerConfigBuilder =
        with(settings.copy(maxTimeout = timeout?.let { bits("maxTimeout", it) }))

    /** How large a part of itself a wait may be off. */
    public fun jitter(jitter: Double): CircuitBreakerConfigBuilder = with(settings.copy(jitter = jitter))

    /** Where the random numbers begin; null draws it. */
    public fun jitterSeed(seed: Long?): CircuitBreakerConfigBuilder = with(settings.copy(jitterSeed = seed?.toULong()))

    /** Decide and tell, but reject nothing. */
    public fun shadow(shadow: Boolean): CircuitBreakerConfigBuilder = with(settings.copy(shadow = shadow))

    /** The configuration; it is checked where a breaker is made of it. */
    public fun build(): CircuitBreakerConfig = CircuitBreakerConfig(settings)

    private fun with(changed: Settings): CircuitBreakerConfigBuilder = apply { settings = changed }
}
