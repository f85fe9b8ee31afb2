package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.Explained
import kotlin.time.Duration

/**
 * What a breaker is doing, why, and what would change it, at one moment. [toString] are some lines for a person, which any
 * release may put differently.
 */
public class Explanation internal constructor(
    private val found: Explained,
    /** The breaker's name, if it has one. */
    public val name: String?,
) {
    /**
     * All of it, in the library's names: also the rules, the window's content, and the last transitions with the counts that
     * caused them. Times are nanoseconds, `…_ns`, fractions parts in a million, `…_ppm`.
     */
    public val json: String get() = found.json

    /** The state. */
    public val state: CircuitState get() = STATES[found.state.toInt()]

    /** Whether a forced mode is on. */
    public val forced: Boolean get() = found.forced

    /** The state that `automatic()` would bring back. */
    public val automaticState: CircuitState get() = STATES[found.automaticState.toInt()]

    /** Whether it decides and tells, but rejects nothing. */
    public val shadow: Boolean get() = found.shadow

    /** 1 at first, one more after each transition. */
    public val epoch: Long get() = found.epoch.toLong()

    /** Why a call now would be rejected; null if it would not. */
    public val wouldReject: RejectReason? get() = found.wouldReject?.let { REJECT_REASONS[it.toInt()] }

    /** What would change the state, a sentence each. */
    public val needs: List<String> get() = found.needs

    /** What is left of the wait; null where there is none, or it never ends. */
    public val remainingWait: Duration? get() = found.remainingWait?.let(::wait)

    override fun toString(): String = found.text
}
