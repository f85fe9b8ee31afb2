import Foundation
import K1s0CircuitBreakerNative

/// One change of state.
public struct Transition: Sendable {
    /// The breaker's name, if it has one.
    public let breaker: String?
    /// The states before and after; the same where only a new epoch began.
    public let from: CircuitState, to: CircuitState
    /// Why.
    public let reason: TransitionReason
    /// The epoch that began.
    public let epoch: UInt64
    /// When, in nanoseconds of the breaker's clock.
    public let at: UInt64

    init(_ made: Made, _ breaker: String?) {
        self.breaker = breaker
        from = .of(made.from)
        to = .of(made.to)
        reason = .of(made.reason)
        epoch = made.epoch
        at = made.at
    }
}

/// One breaker's transitions, told in order, one after the other, outside every lock: epochs have no gaps, so a transition
/// waits for the one before it. One thread at a time tells; who comes meanwhile leaves its own and goes.
final class Transitions: @unchecked Sendable {
    private let lock = NSLock()
    private var listeners: [UUID: @Sendable (Transition) -> Void] = [:]
    private var waiting: [UInt64: Transition] = [:]
    private var next: UInt64 = 2
    private var telling = false

    func add(_ listener: @escaping @Sendable (Transition) -> Void) -> @Sendable () -> Void {
        let id = UUID()
        lock.withLock { listeners[id] = listener }
        return { self.lock.withLock { self.listeners[id] = nil } }
    }

    func tell(_ transition: Transition) {
        let isOurs = lock.withLock { () -> Bool in
            waiting[transition.epoch] = transition
            defer { telling = true }
            return !telling
        }
        while isOurs, let (due, told) = take() {
            told.forEach { $0(due) }
        }
    }

    private func take() -> (Transition, [@Sendable (Transition) -> Void])? {
        lock.withLock {
            guard let due = waiting.removeValue(forKey: next) else {
                telling = false
                return nil
            }
            next += 1
            return (due, Array(listeners.values))
        }
    }
}
