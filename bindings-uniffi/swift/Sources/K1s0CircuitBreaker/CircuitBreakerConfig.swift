import K1s0CircuitBreakerNative

/// When a circuit opens, how long it stays open, and when it closes. It is checked where a breaker is made of it:
/// `CircuitBreakerConfigError` names field, value and range. The fields are those of every language; `nil` is off.
public struct CircuitBreakerConfig: Sendable {
    /// Failures in a row that open the circuit; `nil` where a rate is to.
    public var failureThreshold: Int64? = 5
    /// Successful probes that close it again.
    public var successThreshold: Int64 = 3
    /// How long an open circuit rejects calls.
    public var timeout: Duration = .seconds(30)
    /// How many probes may be unsettled at once.
    public var halfOpenMaxCalls: Int64 = 1
    /// When a full set of unsettled probes is given up.
    public var probeTimeout: Duration = .seconds(60)
    /// How large a part of the window's calls must fail to open the circuit.
    public var failureRate: Double?
    /// Fewer calls in the window than this decide nothing.
    public var minimumCalls: Int64 = 20
    /// The rates are about the last so many calls;
    public var windowCalls: Int64 = 100
    /// or, where it is given, about the calls of the last so much time,
    public var windowTime: Duration?
    /// cut in so many stretches.
    public var windowBuckets: Int64 = 10
    /// Calls that take so long or longer are slow.
    public var slowCallDuration: Duration?
    /// How large a part of the window's calls must be slow to open the circuit.
    public var slowCallRate: Double = 0.8
    /// As `minimumCalls`, for slow calls.
    public var slowMinimumCalls: Int64 = 20
    /// Whether calls count as slow while they are still in flight.
    public var countHungCalls = false
    /// Each wait by the one before it.
    public var backoffMultiplier: Double = 1
    /// The longest wait; `nil` is 10 minutes, or `timeout` where that is longer.
    public var maxTimeout: Duration?
    /// How large a part of itself a wait may be off.
    public var jitter: Double = 0
    /// Where the random numbers for the jitter begin.
    public var jitterSeed: UInt64?
    /// Decide and tell, but reject nothing.
    public var shadow = false

    /// Every field has its default.
    public init() {}

    func settings() throws -> Settings {
        Settings(
            failureThreshold: failureThreshold,
            successThreshold: successThreshold,
            timeout: try nanoseconds("timeout", timeout),
            halfOpenMaxCalls: halfOpenMaxCalls,
            probeTimeout: try nanoseconds("probeTimeout", probeTimeout),
            failureRate: failureRate,
            minimumCalls: minimumCalls,
            windowCalls: windowCalls,
            windowTime: try windowTime.map { try nanoseconds("windowTime", $0) },
            windowBuckets: windowBuckets,
            slowCallDuration: try slowCallDuration.map { try nanoseconds("slowCallDuration", $0) },
            slowCallRate: slowCallRate,
            slowMinimumCalls: slowMinimumCalls,
            countHungCalls: countHungCalls,
            backoffMultiplier: backoffMultiplier,
            maxTimeout: try maxTimeout.map { try nanoseconds("maxTimeout", $0) },
            jitter: jitter,
            jitterSeed: jitterSeed,
            shadow: shadow
        )
    }
}

/// Nanoseconds of a length of time that must not be negative; more than 64 bits hold is never.
func nanoseconds(_ field: String, _ duration: Duration) throws -> UInt64 {
    guard duration >= .zero else {
        throw CircuitBreakerConfigError(field: field, value: "\(duration)", range: "0 or more")
    }
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, more) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
    return overflow || more ? .max : sum
}

/// A length of time of the library's; `nil` for one that never ends.
func duration(_ nanoseconds: UInt64) -> Duration? {
    nanoseconds == .max
        ? nil
        : .seconds(Int64(nanoseconds / 1_000_000_000)) + .nanoseconds(Int64(nanoseconds % 1_000_000_000))
}
