package io.k1s0.circuitbreaker

import java.util.concurrent.Callable
import java.util.function.LongSupplier
import kotlin.time.TimeSource

/**
 * Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again.
 *
 * Any number of threads and coroutines may use it at once; no operation waits for another call. It has no timers and no
 * threads, and nothing has to be closed: what it has in the native library goes when it is collected.
 */
public class CircuitBreaker private constructor(
    private val handle: Handle,
    private val classifyError: ErrorClassifier?,
    private val classifyResult: ResultClassifier?,
) {
    /**
     * A closed breaker. From Java use [builder].
     *
     * @param name is said in errors and events
     * @param clock is where the time comes from: in a test a `TestTimeSource`, or the `testScheduler.timeSource` of `runTest`
     * @param classifyError says what something thrown counts as; without it a cancellation is cancelled, everything else a
     *   failure
     * @param classifyResult says what a result counts as; without it every one is a success
     * @throws CircuitBreakerConfigException where a field is not what it may be
     */
    @JvmOverloads
    public constructor(
        config: CircuitBreakerConfig = CircuitBreakerConfig(),
        name: String? = null,
        clock: TimeSource = TimeSource.Monotonic,
        classifyError: ErrorClassifier? = null,
        classifyResult: ResultClassifier? = null,
    ) : this(Handle(config, readings(clock), name), classifyError, classifyResult)

    internal constructor(
        config: CircuitBreakerConfig,
        name: String?,
        nanoClock: LongSupplier,
        classifyError: ErrorClassifier?,
        classifyResult: ResultClassifier?,
    ) : this(Handle(config, nanoClock, name), classifyError, classifyResult)

    /** The name, if it was given one. */
    public val name: String? get() = handle.name

    /** The state now: half-open as soon as the wait is over, though no call has come yet. */
    public val state: CircuitState get() = handle.state()

    /** Whether the state is open. */
    public val isOpen: Boolean get() = state == CircuitState.OPEN

    /**
     * Calls [block] if the circuit lets it, and answers what it does, unchanged. An exception out of it is a failure;
     * a `CancellationException` that is no timeout, and an interruption, are cancelled. For suspending functions there is
     * [callSuspending].
     *
     * @throws CircuitBreakerException if [block] was not called
     */
    @JvmSynthetic
    public inline fun <T> call(crossinline block: () -> T): T {
        val word = word()
        val asked = if (word and 1 == 0) null else ask()
        val result = try {
            block()
        } catch (error: Throwable) {
            failed(word, asked, error)
            throw error
        }
        succeeded(word, asked, result)
        return result
    }

    /** As the other, for Java. */
    @Throws(Exception::class)
    public fun <T> call(callable: Callable<T>): T = call<T> { callable.call() }

    /** A function that calls [callable] through this breaker. */
    public fun <T> wrap(callable: Callable<T>): Callable<T> = Callable { call(callable) }

    /** Begins a call that ends elsewhere. @throws CircuitBreakerException if the circuit does not let it */
    public fun acquire(): Permit = Permit.acquire(handle)

    /** As [acquire], and null if the circuit does not let it. */
    public fun tryAcquire(): Permit? = try {
        acquire()
    } catch (_: CircuitBreakerException) {
        null
    }

    /** Records a success that no permit was taken for. */
    public fun recordSuccess(): Unit = handle.record(true)

    /** Records a failure that no permit was taken for. */
    public fun recordFailure(): Unit = handle.record(false)

    /** Closes the circuit, with nothing counted, and ends a forced mode. */
    public fun reset(): Unit = handle.reset()

    /** Opens the circuit as a failure would; does nothing in a forced mode. */
    public fun trip(): Unit = handle.trip()

    /** Rejects every call until [automatic] or [reset]. */
    public fun forceOpen(): Unit = handle.forceOpen()

    /** Lets every call through and decides nothing until [automatic] or [reset]. */
    public fun forceClosed(): Unit = handle.forceClosed()

    /** Ends a forced mode; what was underneath comes back. */
    public fun automatic(): Unit = handle.automatic()

    /** Looks for calls that hang, where `countHungCalls` is on. Admissions look by themselves; this is for when none come. */
    public fun tick(): Unit = handle.tick()

    /** State and totals. */
    public fun metrics(): CircuitBreakerMetrics = handle.metrics()

    /** What it is doing, why, and what would change that. */
    public fun explain(): Explanation = handle.explain()

    /** The last transitions, at most 32, the oldest first. */
    public fun recentTransitions(): List<Transition> = handle.recentTransitions()

    /**
     * Has [listener] told of every transition, in order, one after the other, by the thread that made it or one that is
     * telling already. Closing the answer ends that.
     */
    public fun onTransition(listener: TransitionListener): AutoCloseable = handle.transitions.add(listener)

    override fun toString(): String = if (name == null) "CircuitBreaker($state)" else "CircuitBreaker($name, $state)"

    @PublishedApi
    internal fun word(): Int = handle.word()

    @PublishedApi
    internal fun ask(): Asked = handle.ask()

    @PublishedApi
    internal fun succeeded(word: Int, asked: Asked?, result: Any?) {
        if (classifyResult != null) {
            judge(word, asked) { classifyResult.classify(result) ?: Verdict.SUCCESS }
        } else if (asked == null) {
            handle.succeed(word)
        } else {
            handle.settle(asked.word, asked.began, Outcome.SUCCESS, null)
        }
    }

    @PublishedApi
    internal fun failed(word: Int, asked: Asked?, error: Throwable): Unit = failed(word, asked, error, usual(error))

    /** As the other; [usual] is what it counts as where the classifier has no opinion. */
    internal fun failed(word: Int, asked: Asked?, error: Throwable, usual: Verdict) {
        try {
            judge(word, asked) { classifyError?.classify(error) ?: usual }
        } catch (thrown: Throwable) {
            if (thrown !== error) {
                thrown.addSuppressed(error)
            }
            throw thrown
        }
    }

    /** Settles as a classifier says. If it throws, that is the user's to see, and the call a failure. */
    private inline fun judge(word: Int, asked: Asked?, verdict: () -> Verdict) {
        var found = Verdict.FAILURE
        try {
            found = verdict()
        } finally {
            val bits = asked?.word ?: word.toUInt().toULong()
            handle.settle(bits, asked?.began ?: 0u, found.outcome, found.retryAfter)
        }
    }

    public companion object {
        /** For Java. */
        @JvmStatic
        public fun builder(): CircuitBreakerBuilder = CircuitBreakerBuilder()
    }
}

/** Makes a [CircuitBreaker] in Java; see its constructor. */
public class CircuitBreakerBuilder internal constructor() {
    private var config = CircuitBreakerConfig()
    private var name: String? = null
    private var clock: LongSupplier = MonotonicNanoseconds
    private var classifyError: ErrorClassifier? = null
    private var classifyResult: ResultClassifier? = null

    /** When it opens and closes. */
    public fun config(config: CircuitBreakerConfig): CircuitBreakerBuilder = apply { this.config = config }

    /** Is said in errors and events. */
    public fun name(name: String?): CircuitBreakerBuilder = apply { this.name = name }

    /** A monotonic clock: nanoseconds since any fixed moment, 64 bits. */
    public fun nanoClock(clock: LongSupplier): CircuitBreakerBuilder = apply { this.clock = clock }

    /** What something thrown counts as. */
    public fun classifyError(classify: ErrorClassifier?): CircuitBreakerBuilder = apply { classifyError = classify }

    /** What a result counts as. */
    public fun classifyResult(classify: ResultClassifier?): CircuitBreakerBuilder = apply { classifyResult = classify }

    /** A closed breaker. */
    public fun build(): CircuitBreaker = CircuitBreaker(config, name, clock, classifyError, classifyResult)
}
