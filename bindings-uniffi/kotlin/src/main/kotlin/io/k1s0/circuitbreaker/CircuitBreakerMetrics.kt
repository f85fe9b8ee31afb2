package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.Metrics
import kotlin.time.Duration

/** State and totals of one breaker at one moment. Totals only ever grow. */
public class CircuitBreakerMetrics internal constructor(private val found: Metrics) {
    /** Calls that succeeded. */
    public val successCount: Long get() = found.successCount.toLong()

    /** Calls that failed. */
    public val failureCount: Long get() = found.failureCount.toLong()

    /** Calls whose result says nothing about the service. */
    public val ignoredCount: Long get() = found.ignoredCount.toLong()

    /** Calls that their caller gave up. */
    public val cancelledCount: Long get() = found.cancelledCount.toLong()

    /** Calls that were rejected, for whatever reason. */
    public val rejectedCount: Long get() = found.rejectedCount.toLong()

    /** The same by reason. */
    public val rejectedByReason: Map<RejectReason, Long> get() = byReason(found.rejectedByReason)

    /** Calls that would have been rejected but for `shadow`. */
    public val wouldRejectCount: Long get() = found.wouldRejectCount.toLong()

    /** The same by reason. */
    public val wouldRejectByReason: Map<RejectReason, Long> get() = byReason(found.wouldRejectByReason)

    /** Calls that took as long as `slowCallDuration`, or longer, or were found to hang. */
    public val slowCount: Long get() = found.slowCount.toLong()

    /** Results that came too late to count. */
    public val staleCount: Long get() = found.staleCount.toLong()

    /** Changes of state and resets. */
    public val transitionCount: Long get() = found.transitionCount.toLong()

    /** The state. */
    public val state: CircuitState get() = STATES[found.state.toInt()]

    /** 1 at first, one more after each transition. */
    public val epoch: Long get() = found.epoch.toLong()

    /** Failures in a row; 0 unless closed. */
    public val consecutiveFailures: Long get() = found.consecutiveFailures.toLong()

    /** Probes that are not settled yet. */
    public val probesInFlight: Int get() = found.probesInFlight.toInt()

    /** What is left of the wait while open, zero once it is over; null where it never ends, in a forced mode, and while not open. */
    public val remainingWait: Duration? get() = found.remainingWait?.let(::wait)

    /** Whether `forceOpen()` or `forceClosed()` is on. */
    public val forced: Boolean get() = found.forced

    /** success / (success + failure); null before the first of either. */
    public val successRate: Double? get() = found.successRate

    /** Calls in the window; 0 unless closed. */
    public val windowCalls: Long get() = found.windowCalls.toLong()

    /** Those of them that failed. */
    public val windowFailures: Long get() = found.windowFailures.toLong()

    /** Those of them that were slow. */
    public val windowSlow: Long get() = found.windowSlow.toLong()

    /** Changes from one state to another. */
    public fun transitionsBetween(from: CircuitState, to: CircuitState): Long =
        found.transitionsBetween[from.ordinal * STATES.size + to.ordinal].toLong()

    /** [remainingWait] for Java. */
    @JvmName("getRemainingWait")
    public fun javaRemainingWait(): java.time.Duration? = found.remainingWait?.let(::javaWait)

    override fun toString(): String =
        "CircuitBreakerMetrics($state, $successCount succeeded, $failureCount failed, $rejectedCount rejected)"

    private fun byReason(counts: List<ULong>) = REJECT_REASONS.associateWith { counts[it.ordinal].toLong() }
}
