// In the order of the library's numbers, which are those of conformance/constants.json.

/// The state of a circuit.
public enum CircuitState: UInt8, Sendable, CaseIterable {
    /// Calls go through.
    case closed
    /// Calls are rejected until the wait is over.
    case open
    /// A few calls go through as probes; their results decide.
    case halfOpen
}

/// How a call ended.
public enum Outcome: UInt8, Sendable, CaseIterable {
    /// The service is able to do its work.
    case success
    /// It is not.
    case failure
    /// The result says nothing about the service: a business error.
    case ignored
    /// The caller gave up.
    case cancelled
}

/// What a settlement did.
public enum Effect: UInt8, Sendable, CaseIterable {
    /// The outcome counted.
    case applied
    /// The state has changed since the permit was given; only the stale total grew.
    case stale
    /// The permit had been settled before.
    case alreadySettled
    /// The call would have been rejected but for `shadow`; the outcome counts nowhere.
    case shadowed
}

/// Why the state changed.
public enum TransitionReason: UInt8, Sendable, CaseIterable {
    case failureThreshold, timeoutElapsed, successThreshold, probeFailed, probeTimeout, failureRate, slowCallRate
    case reset, trip, forced, automatic
}

/// Why a call was rejected.
public enum RejectReason: UInt8, Sendable, CaseIterable {
    /// The wait is not over.
    case open
    /// Every probe's slot is taken.
    case halfOpen
    /// Forced open.
    case forcedOpen
}

extension RawRepresentable where RawValue == UInt8 {
    /// The word of a number that the library gave; it is of our version, so it has one.
    static func of(_ number: UInt8) -> Self {
        guard let word = Self(rawValue: number) else {
            preconditionFailure("the library knows a \(Self.self) \(number) that this package does not")
        }
        return word
    }
}
