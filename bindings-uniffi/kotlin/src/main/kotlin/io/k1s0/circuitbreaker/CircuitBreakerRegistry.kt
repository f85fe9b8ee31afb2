package io.k1s0.circuitbreaker

import java.util.concurrent.ConcurrentHashMap
import kotlin.time.TimeSource

/** Breakers by name, one for each service: made when they are first asked for. Any number of threads may ask. */
public class CircuitBreakerRegistry private constructor(
    private val checked: CircuitBreakerConfig,
    private val make: (CircuitBreakerConfig, String) -> CircuitBreaker,
) {
    /** Each breaker is made of this configuration, which is checked now, and of the rest. */
    @JvmOverloads
    public constructor(
        config: CircuitBreakerConfig = CircuitBreakerConfig(),
        clock: TimeSource = TimeSource.Monotonic,
        classifyError: ErrorClassifier? = null,
        classifyResult: ResultClassifier? = null,
    ) : this(config, { given, name -> CircuitBreaker(given, name, clock, classifyError, classifyResult) })

    private val made = ConcurrentHashMap<String, CircuitBreaker>()

    init {
        CircuitBreaker(checked)
    }

    /** The breaker of this name. */
    public operator fun get(name: String): CircuitBreaker = get(name, checked)

    /** The breaker of this name. [config] counts where the breaker is made by this call. */
    public fun get(name: String, config: CircuitBreakerConfig): CircuitBreaker =
        made[name] ?: made.computeIfAbsent(name) { make(config, it) }

    /** Whether there is one of this name. */
    public operator fun contains(name: String): Boolean = made.containsKey(name)

    /** Forgets a breaker, and answers it, if there was one; who has it can use it on. */
    public fun remove(name: String): CircuitBreaker? = made.remove(name)

    /** Names and breakers, as they are now. */
    public val breakers: Map<String, CircuitBreaker> get() = made.toMap()
}
