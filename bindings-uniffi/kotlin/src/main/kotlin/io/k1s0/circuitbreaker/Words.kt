package io.k1s0.circuitbreaker

// In the order of the library's numbers; a test compares them with conformance/constants.json.

/** The state of a circuit. */
public enum class CircuitState {
    /** Calls go through. */
    CLOSED,

    /** Calls are rejected until the wait is over. */
    OPEN,

    /** A few calls go through as probes; their results decide. */
    HALF_OPEN,
}

/** How a call ended. */
public enum class Outcome {
    /** The service is able to do its work. */
    SUCCESS,

    /** It is not. */
    FAILURE,

    /** The result says nothing about the service: a business error. */
    IGNORED,

    /** The caller gave up. */
    CANCELLED,
}

/** What a settlement did. */
public enum class Effect {
    /** The outcome counted. */
    APPLIED,

    /** The state has changed since the permit was given; only the stale total grew. */
    STALE,

    /** The permit had been settled before. */
    ALREADY_SETTLED,

    /** The call would have been rejected but for `shadow`; the outcome counts nowhere. */
    SHADOWED,
}

/** Why the state changed. */
public enum class TransitionReason {
    /** As many failures in a row as `failureThreshold`. */
    FAILURE_THRESHOLD,

    /** The wait was over when a call came. */
    TIMEOUT_ELAPSED,

    /** As many successful probes as `successThreshold`. */
    SUCCESS_THRESHOLD,

    /** A probe failed. */
    PROBE_FAILED,

    /** Every probe was unsettled for too long. */
    PROBE_TIMEOUT,

    /** As large a part of the window's calls failed as `failureRate`. */
    FAILURE_RATE,

    /** As large a part of the window's calls was slow as `slowCallRate`. */
    SLOW_CALL_RATE,

    /** `reset()`. */
    RESET,

    /** `trip()`. */
    TRIP,

    /** `forceOpen()` or `forceClosed()`. */
    FORCED,

    /** `automatic()`. */
    AUTOMATIC,
}

/** Why a call was rejected. */
public enum class RejectReason {
    /** The wait is not over. */
    OPEN,

    /** Every probe's slot is taken. */
    HALF_OPEN,

    /** Forced open. */
    FORCED_OPEN,
}

/** What ended a call that has no status. */
public enum class TransportError {
    /** The connection was refused, or the host not found or not reached. */
    CONNECT,

    /** The TLS handshake failed. */
    TLS,

    /** The connection broke during the call. */
    RESET,

    /** A deadline passed. */
    TIMEOUT,

    /** The caller gave up. */
    CANCELLED,

    /** The request never left: a malformed address, a violated protocol, on our side. */
    INVALID_REQUEST,
}

internal val STATES = CircuitState.entries.toTypedArray()
internal val OUTCOMES = Outcome.entries.toTypedArray()
internal val EFFECTS = Effect.entries.toTypedArray()
internal val TRANSITION_REASONS = TransitionReason.entries.toTypedArray()
internal val REJECT_REASONS = RejectReason.entries.toTypedArray()
