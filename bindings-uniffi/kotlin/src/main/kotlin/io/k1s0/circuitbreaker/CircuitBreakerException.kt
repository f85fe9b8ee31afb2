package io.k1s0.circuitbreaker

import kotlin.time.Duration

/**
 * A call was not made, because the circuit does not let it. It has no stack trace: while a service is down there are many
 * of these, and the place that made the call says nothing about why.
 */
public class CircuitBreakerException internal constructor(
    /** Why. */
    public val reason: RejectReason,
    private val bits: ULong?,
    /** The breaker's name, if it has one. */
    public val breakerName: String?,
) : RuntimeException(describe(reason, bits, breakerName), null, false, false) {
    /** When to come back, if anybody can say: not while probes are out, nor in a forced mode, nor where a wait never ends. */
    public val retryAfter: Duration? get() = bits?.let(::wait)

    /** [retryAfter] for Java. */
    @JvmName("getRetryAfter")
    public fun javaRetryAfter(): java.time.Duration? = bits?.let(::javaWait)

    private companion object {
        private const val serialVersionUID = 1L

        private fun describe(reason: RejectReason, bits: ULong?, name: String?): String {
            val which = if (name == null) "the circuit breaker" else "the circuit breaker \"$name\""
            val what = if (reason == RejectReason.HALF_OPEN) "is half-open, and its probes are out" else "is open"
            val left = bits?.let(::wait)
            return if (left == null) "$which $what" else "$which $what; retry after $left"
        }
    }
}

/** The specification names it so. */
public typealias CircuitBreakerError = CircuitBreakerException

/** A field of a configuration is not what it may be. */
public class CircuitBreakerConfigException internal constructor(
    /** The field's name. */
    public val field: String,
    /** What it was. */
    public val value: Any?,
    /** What it may be. */
    public val range: String,
) : IllegalArgumentException("$field is $value; it must be $range") {
    private companion object {
        private const val serialVersionUID = 1L
    }
}
