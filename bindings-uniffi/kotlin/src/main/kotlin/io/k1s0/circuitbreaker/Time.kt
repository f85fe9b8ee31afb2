package io.k1s0.circuitbreaker

import java.util.function.LongSupplier
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.TimeSource

private typealias JavaDuration = java.time.Duration

/** The library's number for a length of time that never ends. */
internal const val NEVER: ULong = ULong.MAX_VALUE

private const val SECOND: ULong = 1_000_000_000u
private const val MILLISECOND: ULong = 1_000_000u

/** Nanoseconds of a field that must not be negative; more than 64 bits hold is never. */
internal fun bits(field: String, duration: Duration): ULong {
    if (duration.isNegative()) {
        throw CircuitBreakerConfigException(field, duration, "0 or more")
    }
    val exact = duration.inWholeNanoseconds
    if (exact < Long.MAX_VALUE) {
        return exact.toULong()
    }
    val whole = duration.inWholeMilliseconds.toULong()
    return if (whole > NEVER / MILLISECOND) NEVER else whole * MILLISECOND
}

/** As the other, exact up to 64 bits. */
internal fun bits(field: String, duration: JavaDuration): ULong {
    if (duration.isNegative) {
        throw CircuitBreakerConfigException(field, duration, "0 or more")
    }
    val seconds = duration.seconds.toULong()
    val rest = duration.nano.toULong()
    return if (seconds > (NEVER - rest) / SECOND) NEVER else seconds * SECOND + rest
}

/** A length of time of the library's; none for one that never ends. */
internal fun wait(bits: ULong): Duration? = if (bits == NEVER) null else kotlinDuration(bits)

/** For Java, exact. */
internal fun javaWait(bits: ULong): JavaDuration? = if (bits == NEVER) null else javaDuration(bits)

internal fun kotlinDuration(bits: ULong): Duration =
    if (bits <= Long.MAX_VALUE.toULong()) bits.toLong().nanoseconds else (bits / MILLISECOND).toLong().milliseconds

internal fun javaDuration(bits: ULong): JavaDuration =
    JavaDuration.ofSeconds((bits / SECOND).toLong(), (bits % SECOND).toLong())

/** Nanoseconds since a fixed moment. */
internal fun readings(source: TimeSource): LongSupplier {
    if (source === TimeSource.Monotonic) {
        return MonotonicNanoseconds
    }
    val began = source.markNow()
    return LongSupplier { began.elapsedNow().inWholeNanoseconds }
}

/** The clock of a breaker that was given none. */
internal object MonotonicNanoseconds : LongSupplier {
    // The JVM's own readings may begin anywhere, below 0 too.
    private val began = System.nanoTime()

    override fun getAsLong(): Long = System.nanoTime() - began
}
