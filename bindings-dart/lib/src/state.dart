/// The words of a breaker, in the order of their numbers in the library.
library;

/// The state of a circuit.
enum CircuitState {
  /// Calls go through.
  closed,

  /// Calls are rejected until the wait is over.
  open,

  /// A few calls go through as probes; their results decide.
  halfOpen,
}

/// The specification's file names it so.
typedef CircuitBreakerState = CircuitState;

/// How a call ended.
enum Outcome {
  /// The service is able to do its work.
  success,

  /// It is not.
  failure,

  /// The result says nothing about the service: a business error.
  ignored,

  /// The caller gave up.
  cancelled,
}

/// What a settlement did.
enum Effect {
  /// The outcome counted.
  applied,

  /// The state has changed since the permit was given; only the stale total grew.
  stale,

  /// The permit had been settled before, or the breaker closed.
  alreadySettled,

  /// The call would have been rejected but for `shadow`; the outcome counts nowhere.
  shadowed,
}

/// Why the state changed.
enum TransitionReason {
  /// As many failures in a row as `failureThreshold`.
  failureThreshold,

  /// The wait was over when a call came.
  timeoutElapsed,

  /// As many successful probes as `successThreshold`.
  successThreshold,

  /// A probe failed.
  probeFailed,

  /// Every probe was unsettled for too long.
  probeTimeout,

  /// As large a part of the window's calls failed as `failureRate`.
  failureRate,

  /// As large a part of the window's calls was slow as `slowCallRate`.
  slowCallRate,

  /// `reset()`.
  reset,

  /// `trip()`.
  trip,

  /// `forceOpen()` or `forceClosed()`.
  forced,

  /// `automatic()`.
  automatic,

  /// One that this version of the package does not know.
  other;

  /// The reason of this number.
  static TransitionReason of(int number) => number < other.index ? values[number] : other;
}

/// Why a call was rejected.
enum RejectReason {
  /// The wait is not over.
  open,

  /// Every probe's slot is taken.
  halfOpen,

  /// Forced open.
  forcedOpen,

  /// One that this version of the package does not know.
  other;

  /// The reason of this number.
  static RejectReason of(int number) => number < other.index ? values[number] : other;
}

/// What ended a call that has no status.
enum TransportError {
  /// The connection was refused, or the host not found or not reached.
  connect,

  /// The TLS handshake failed.
  tls,

  /// The connection broke during the call.
  reset,

  /// A deadline passed.
  timeout,

  /// The caller gave up.
  cancelled,

  /// The request never left: a malformed address, a violated protocol, on our side.
  invalidRequest,
}
