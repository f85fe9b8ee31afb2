// What is called past uniffi, where the glue would cost more than the work: ../../../src/direct.rs, and the admission word.
#pragma once

#include <stdint.h>

/// Settles a permit that was read in place as a success, if that changes nothing but a counter; 0 means nothing was done.
uint8_t k1s0_cb_uniffi_succeed(const void *breaker, uint32_t word);

/// The low 32 bits of the admission word.
static inline uint32_t k1s0_cb_low_word(const void *admission) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    admission = (const char *)admission + 4;
#endif
    return __atomic_load_n((const uint32_t *)admission, __ATOMIC_ACQUIRE);
}
