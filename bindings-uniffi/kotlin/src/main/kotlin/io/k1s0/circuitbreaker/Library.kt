package io.k1s0.circuitbreaker

import io.k1s0.circuitbreaker.ffi.libraryVersion

/** The native library: inside the jar, or where the system property `jna.library.path` says. */
internal object Library {
    /** The version of this package; a test compares it with the pom's. */
    const val VERSION = "0.1.0"

    private val version: String = libraryVersion()

    /** Refuses a library of another version. */
    fun check() {
        check(version == VERSION) { "the native library is of version $version, and this package of $VERSION" }
    }
}
