package io.k1s0.circuitbreaker;

import com.sun.jna.Pointer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Eight bytes of the library's memory, read and added to in place. In Java, for its VarHandles compile to single
 * instructions here; a call through JNA takes over a hundred times as long.
 *
 * <p>Nothing here keeps the memory alive: who holds one of these holds the breaker it is of.
 */
final class Memory {
    private static final VarHandle INTS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int LOW = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 4;

    private final ByteBuffer bytes;

    Memory(long address) {
        bytes = new Pointer(address).getByteBuffer(0, 8);
    }

    /** The low 32 bits, with everything that happened before they were written. */
    int low() {
        return (int) INTS.getAcquire(bytes, LOW);
    }

    /** Adds 1, from any number of threads at once. */
    void increment() {
        LONGS.getAndAdd(bytes, 0, 1L);
    }
}
