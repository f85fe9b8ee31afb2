package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.Made
import kotlin.time.Duration

/** One change of state. */
public class Transition internal constructor(
    private val made: Made,
    /** The breaker's name, if it has one. */
    public val breaker: String?,
) {
    /** The state before. */
    public val from: CircuitState get() = STATES[made.from.toInt()]

    /** The state after; the same where only a new epoch began: a `reset()` of a closed breaker. */
    public val to: CircuitState get() = STATES[made.to.toInt()]

    /** The epoch that began: one more than that of the transition before. */
    public val epoch: Long get() = made.epoch.toLong()

    /** Why. */
    public val reason: TransitionReason get() = TRANSITION_REASONS[made.reason.toInt()]

    /** When, by the breaker's clock. */
    public val at: Duration get() = kotlinDuration(made.at)

    /** [at] for Java. */
    @JvmName("getAt")
    public fun javaAt(): java.time.Duration = javaDuration(made.at)

    override fun equals(other: Any?): Boolean = other is Transition && other.made == made && other.breaker == breaker

    override fun hashCode(): Int = made.hashCode()

    override fun toString(): String {
        val name = if (breaker == null) "" else "$breaker: "
        return "$name${label(from)} -> ${label(to)} (${label(reason)})"
    }
}

private fun label(word: Enum<*>): String = word.name.lowercase()

/** Is told of transitions. What it throws goes to its thread's handler of uncaught exceptions, and costs nobody else anything. */
public fun interface TransitionListener {
    /** The state has changed. */
    public fun onTransition(transition: Transition)
}
