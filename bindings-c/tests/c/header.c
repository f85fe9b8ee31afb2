// Compiled as C99, C11, C17 and, by way of header.cpp, C++17.

#include "k1s0_circuit_breaker.h"

int main(void) {
    k1s0_cb_config config;
    k1s0_cb *breaker = 0;
    k1s0_cb_permit permit;
    if (k1s0_cb_config_init(&config, sizeof config) != K1S0_CB_OK) {
        return 1;
    }
    config.timeout_ns = K1S0_CB_NEVER;
    if (k1s0_cb_new(&config, &breaker, 0) != K1S0_CB_OK) {
        return 2;
    }
    if (k1s0_cb_try_acquire(breaker, 0, &permit, 0, 0) != K1S0_CB_OK) {
        return 3;
    }
    if (k1s0_cb_settle(breaker, &permit, K1S0_CB_SUCCESS, 0, 0, 0) != K1S0_CB_OK) {
        return 4;
    }
    k1s0_cb_free(breaker);
    return 0;
}
