import Dispatch
import K1s0CircuitBreakerFFI
import K1s0CircuitBreakerNative

/// What a classifier says of a call.
public struct Verdict: Sendable {
    /// How the call ended.
    public let outcome: Outcome
    /// How long the server asks not to be called; it counts if this failure opens the circuit.
    public let retryAfter: Duration?

    /// It counts as this.
    public init(_ outcome: Outcome, retryAfter: Duration? = nil) {
        self.outcome = outcome
        self.retryAfter = retryAfter
    }
}

/// Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again. Any
/// number of threads and tasks may use it at once.
public final class CircuitBreaker: @unchecked Sendable {
    /// The name, if it was given one.
    public let name: String?

    private let native: NativeBreaker
    private let address: UnsafeRawPointer
    private let admission: UnsafeRawPointer
    private let clock: @Sendable () -> UInt64
    private let classifyError: (@Sendable (any Error) -> Verdict?)?
    private let transitions = Transitions()

    /// A closed breaker. `clock` answers nanoseconds since any fixed moment; `classifyError` says what an error counts as,
    /// `nil` for the default: a `CancellationError` of a cancelled task is cancelled, everything else a failure.
    ///
    /// Throws `CircuitBreakerConfigError` where a field is not what it may be.
    public init(
        _ config: CircuitBreakerConfig = CircuitBreakerConfig(),
        name: String? = nil,
        clock: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds },
        classifyError: (@Sendable (any Error) -> Verdict?)? = nil
    ) throws {
        do {
            native = try NativeBreaker(settings: config.settings())
        } catch Refused.Field(let field, let value, let range) {
            throw CircuitBreakerConfigError(field: field, value: value, range: range)
        }
        guard
            let address = UnsafeRawPointer(bitPattern: UInt(native.address())),
            let admission = UnsafeRawPointer(bitPattern: UInt(native.admissionAddress()))
        else {
            preconditionFailure("an object of the library is somewhere")
        }
        self.address = address
        self.admission = admission
        self.name = name
        self.clock = clock
        self.classifyError = classifyError
    }

    /// The state now: half-open as soon as the wait is over, though no call has come yet.
    public var state: CircuitState { .of(native.state(now: clock())) }

    /// Whether the state is open.
    public var isOpen: Bool { state == .open }

    /// Calls `body` if the circuit lets it, and answers what it does, unchanged. Throws `CircuitBreakerError` if it was not
    /// called.
    public func call<T>(_ body: () throws -> T) throws -> T {
        let permit = try admit()
        do {
            let result = try body()
            settleSuccess(permit)
            return result
        } catch {
            try settle(permit, error)
            throw error
        }
    }

    /// As the other, of a function that waits.
    public func call<T>(_ body: () async throws -> T) async throws -> T {
        let permit = try admit()
        do {
            let result = try await body()
            settleSuccess(permit)
            return result
        } catch {
            try settle(permit, error)
            throw error
        }
    }

    /// Begins a call that ends elsewhere. Throws `CircuitBreakerError` if the circuit does not let it.
    public func acquire() throws -> Permit { Permit(self, try admit()) }

    /// Records a success that no permit was taken for.
    public func recordSuccess() { native.record(success: true, now: clock()).forEach { tell($0) } }

    /// Records a failure that no permit was taken for.
    public func recordFailure() { native.record(success: false, now: clock()).forEach { tell($0) } }

    /// Closes the circuit, with nothing counted, and ends a forced mode.
    public func reset() { tell(native.reset(now: clock())) }

    /// Opens the circuit as a failure would; does nothing in a forced mode.
    public func trip() { tell(native.trip(now: clock())) }

    /// Rejects every call until `automatic` or `reset`.
    public func forceOpen() { tell(native.forceOpen(now: clock())) }

    /// Lets every call through and decides nothing until `automatic` or `reset`.
    public func forceClosed() { tell(native.forceClosed(now: clock())) }

    /// Ends a forced mode; what was underneath comes back.
    public func automatic() { tell(native.automatic(now: clock())) }

    /// Looks for calls that hang, where `countHungCalls` is on.
    public func tick() { tell(native.tick(now: clock())) }

    /// State and totals.
    public func metrics() -> Metrics { native.metrics(now: clock()) }

    /// What it is doing, why, and what would change that.
    public func explain() -> Explained { native.explain(name: name, now: clock()) }

    /// The last transitions, at most 32, the oldest first.
    public func recentTransitions() -> [Transition] { native.recentTransitions().map { Transition($0, name) } }

    /// Has `listener` told of every transition, in order. Call the answer to end that.
    public func onTransition(_ listener: @escaping @Sendable (Transition) -> Void) -> @Sendable () -> Void {
        transitions.add(listener)
    }

    /// Leave to make one call: the word, and since when, where it had to be asked for.
    struct Admitted: Sendable {
        let word: UInt64
        let began: UInt64
    }

    func settle(_ permit: Admitted, _ verdict: Verdict) throws -> Effect {
        let wait = try verdict.retryAfter.map { try nanoseconds("retryAfter", $0) }
        let settled = native.settle(
            word: permit.word, began: permit.began, outcome: verdict.outcome.rawValue, retryAfter: wait, now: clock()
        )
        tell(settled.made)
        return .of(settled.effect)
    }

    private func admit() throws -> Admitted {
        let word = k1s0_cb_low_word(admission)
        if word & 1 == 0 {
            return Admitted(word: UInt64(word), began: 0)
        }
        let now = clock()
        let asked = native.acquire(now: now)
        tell(asked.made)
        guard let word = asked.word else {
            let wait = asked.retryAfter.flatMap(duration)
            throw CircuitBreakerError(reason: .of(asked.reason), retryAfter: wait, name: name)
        }
        return Admitted(word: word, began: now)
    }

    private func settleSuccess(_ permit: Admitted) {
        if permit.word & 1 != 0 || k1s0_cb_uniffi_succeed(address, UInt32(truncatingIfNeeded: permit.word)) == 0 {
            // It throws for a bad wait only, and there is none.
            _ = try? settle(permit, Verdict(.success))
        }
    }

    private func settle(_ permit: Admitted, _ error: any Error) throws {
        let givenUp = error is CancellationError && Task.isCancelled
        let verdict = classifyError?(error) ?? Verdict(givenUp ? .cancelled : .failure)
        _ = try settle(permit, verdict)
    }

    private func tell(_ made: Made?) {
        if let made {
            transitions.tell(Transition(made, name))
        }
    }
}
