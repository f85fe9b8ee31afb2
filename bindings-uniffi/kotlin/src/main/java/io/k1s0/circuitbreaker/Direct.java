package io.k1s0.circuitbreaker;

import com.sun.jna.Native;

/**
 * What is called past uniffi, whose records take a thousand times as long: {@code src/direct.rs} says what the numbers are.
 * In Java, for JNA maps static methods.
 */
final class Direct {
    /** How many numbers an answer has. */
    static final int NUMBERS = 9;

    static final long WORD = 1;
    static final long WAIT = 2;
    static final long MADE = 4;

    static {
        Native.register(Direct.class, "k1s0_circuit_breaker_uniffi");
    }

    private Direct() {}

    static native int k1s0_cb_uniffi_acquire(long breaker, long now, long[] answer);

    static native int k1s0_cb_uniffi_settle(
            long breaker, long word, long began, int outcome, int hasRetryAfter, long retryAfter, long now, long[] answer);
}
