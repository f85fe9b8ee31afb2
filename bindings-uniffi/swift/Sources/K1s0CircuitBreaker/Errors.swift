/// A call was not made, because the circuit does not let it.
public struct CircuitBreakerError: Error, Sendable, CustomStringConvertible {
    /// Why.
    public let reason: RejectReason
    /// When to come back, if anybody can say.
    public let retryAfter: Duration?
    /// The breaker's name, if it has one.
    public let name: String?

    public var description: String {
        let which = name.map { "the circuit breaker \"\($0)\"" } ?? "the circuit breaker"
        let what = reason == .halfOpen ? "is half-open, and its probes are out" : "is open"
        return retryAfter.map { "\(which) \(what); retry after \($0)" } ?? "\(which) \(what)"
    }
}

/// A field of a configuration is not what it may be.
public struct CircuitBreakerConfigError: Error, Sendable, CustomStringConvertible {
    /// The field, what it was, and what it may be.
    public let field: String, value: String, range: String

    public var description: String { "\(field) is \(value); it must be \(range)" }
}
