package io.k1s0.circuitbreaker

import java.util.TreeMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * One breaker's transitions, told in order, one after the other, outside every lock.
 *
 * Two threads may come here in the wrong order. Epochs have no gaps, so a transition waits for the one before it. One thread
 * at a time tells; who comes meanwhile, a listener that uses the breaker among them, leaves its own and goes.
 */
internal class Transitions {
    private val listeners = CopyOnWriteArrayList<TransitionListener>()
    private val lock = ReentrantLock()
    private val waiting = TreeMap<Long, Transition>()
    private var next = FIRST_EPOCH + 1
    private var telling = false

    fun add(listener: TransitionListener): AutoCloseable {
        // An object of its own: the same listener may be added twice, and is taken away once for each.
        val added = TransitionListener { listener.onTransition(it) }
        listeners.add(added)
        return AutoCloseable { listeners.remove(added) }
    }

    fun tell(transition: Transition) {
        lock.withLock {
            waiting[transition.epoch] = transition
            if (telling) {
                return
            }
            telling = true
        }
        while (true) {
            val due = due() ?: return
            for (listener in listeners) {
                tell(listener, due)
            }
        }
    }

    private fun due(): Transition? = lock.withLock {
        val due = waiting.remove(next)
        if (due == null) telling = false else next += 1
        due
    }

    private fun tell(listener: TransitionListener, transition: Transition) {
        try {
            listener.onTransition(transition)
        } catch (thrown: Throwable) {
            val thread = Thread.currentThread()
            thread.uncaughtExceptionHandler.uncaughtException(thread, thrown)
        }
    }

    private companion object {
        const val FIRST_EPOCH = 1L
    }
}
