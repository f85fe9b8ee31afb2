import Foundation

/// Leave to make one call, to be settled once. One that goes away without that counts as cancelled.
public final class Permit: @unchecked Sendable {
    private let breaker: CircuitBreaker
    private let admitted: CircuitBreaker.Admitted
    private let lock = NSLock()
    private var open = true

    init(_ breaker: CircuitBreaker, _ admitted: CircuitBreaker.Admitted) {
        self.breaker = breaker
        self.admitted = admitted
    }

    deinit { _ = try? settle(Verdict(.cancelled)) }

    /// Settles it. One that was settled before is left alone: `.alreadySettled`. Throws where `retryAfter` is negative.
    @discardableResult
    public func settle(_ verdict: Verdict) throws -> Effect {
        let isOurs = lock.withLock { () -> Bool in
            defer { open = false }
            return open
        }
        return isOurs ? try breaker.settle(admitted, verdict) : .alreadySettled
    }
}
