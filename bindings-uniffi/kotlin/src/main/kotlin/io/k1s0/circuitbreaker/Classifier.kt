@file:JvmName("Classify")

package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.classifyGrpcStatus as grpc
import io.k1s0.circuitbreaker.ffi.classifyHttpStatus as http
import io.k1s0.circuitbreaker.ffi.classifyTransportError as transport
import io.k1s0.circuitbreaker.ffi.httpRetryAfter as askedFor
import kotlin.time.Duration

/** What a classifier says of a call. */
public class Verdict private constructor(
    /** How the call ended. */
    public val outcome: Outcome,
    internal val retryAfter: RetryAfter?,
) {
    /** It counts as [outcome]. */
    public constructor(outcome: Outcome) : this(outcome, null as RetryAfter?)

    /**
     * It counts as [outcome]; [retryAfter] is how long the server asks not to be called, which counts if this failure opens
     * the circuit.
     */
    public constructor(outcome: Outcome, retryAfter: Duration) : this(outcome, RetryAfter.of(retryAfter))

    /** For Java. */
    public constructor(outcome: Outcome, retryAfter: java.time.Duration) : this(outcome, RetryAfter.of(retryAfter))

    public companion object {
        /** The service is able to do its work. */
        @JvmField
        public val SUCCESS: Verdict = Verdict(Outcome.SUCCESS)

        /** It is not. */
        @JvmField
        public val FAILURE: Verdict = Verdict(Outcome.FAILURE)

        /** The result says nothing about the service: a business error. */
        @JvmField
        public val IGNORED: Verdict = Verdict(Outcome.IGNORED)

        /** The caller gave up. */
        @JvmField
        public val CANCELLED: Verdict = Verdict(Outcome.CANCELLED)
    }
}

/** How long a server asks not to be called. */
internal class RetryAfter(val bits: ULong) {
    internal companion object {
        fun of(duration: Duration) = RetryAfter(bits("retryAfter", duration))

        fun of(duration: java.time.Duration) = RetryAfter(bits("retryAfter", duration))
    }
}

/** Says what something thrown counts as; null leaves it to the default. What it throws itself the caller sees. */
public fun interface ErrorClassifier {
    /** What [error] counts as. */
    public fun classify(error: Throwable): Verdict?
}

/** Says what a result counts as; null for a success. What it throws the caller sees, and the call is a failure. */
public fun interface ResultClassifier {
    /** What [result] counts as. */
    public fun classify(result: Any?): Verdict?
}

/**
 * What an HTTP status counts as: 5xx but for 501 and 505, 408, 429 and what is no status are failures, 425 is ignored,
 * everything else is a success. The table is core's, the same in every language.
 */
public fun classifyHttpStatus(status: Int): Outcome = OUTCOMES[http(status).toInt()]

/**
 * What a gRPC status code counts as, if it came from the server or the client library made it of a deadline or a broken
 * connection.
 */
public fun classifyGrpcStatus(code: Int): Outcome = OUTCOMES[grpc(code).toInt()]

/** What a transport error counts as: a failure, but for the caller's own doing. */
public fun classifyTransportError(error: TransportError): Outcome = OUTCOMES[transport(error.ordinal.toUByte()).toInt()]

/**
 * For how long an HTTP response asks not to be called, by its `Retry-After` and `Date` as they came; null where it asks for
 * nothing, or for what cannot be read.
 */
public fun httpRetryAfter(status: Int, retryAfter: String, date: String?): java.time.Duration? =
    askedFor(status, retryAfter, date)?.let(::javaDuration)
