// Breakers for tests, and a look at them.

#ifndef MAKE_H
#define MAKE_H

#include <string.h>

#include "check.h"
#include "k1s0_circuit_breaker.h"

static inline k1s0_cb *make(uint64_t failure_threshold) {
    k1s0_cb_config config;
    k1s0_cb *breaker = NULL;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, sizeof config));
    config.failure_threshold = failure_threshold;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    CHECK(breaker != NULL);
    return breaker;
}

static inline k1s0_cb_metrics metrics_of(const k1s0_cb *breaker) {
    k1s0_cb_metrics metrics;
    memset(&metrics, 0xAB, sizeof metrics);
    metrics.struct_size = sizeof metrics;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(breaker, 0, &metrics));
    return metrics;
}

// Each configuration with this one value is refused, with this sentence.
static inline void refused(uint64_t *field, uint64_t value, k1s0_cb_config *config, const char *sentence) {
    k1s0_cb *breaker = NULL;
    k1s0_cb_config_error error;
    uint64_t before = *field;
    memset(&error, 0, sizeof error);
    *field = value;
    CHECK_IS(K1S0_CB_INVALID_CONFIG, k1s0_cb_new(config, &breaker, &error));
    CHECK(breaker == NULL);
    if (strcmp(error.message, sentence) != 0) {
        fprintf(stderr, "\"%s\", not \"%s\"\n", error.message, sentence);
        exit(1);
    }
    CHECK_IS(K1S0_CB_INVALID_CONFIG, k1s0_cb_new(config, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_CONFIG, k1s0_cb_shared("a", 1, config, &breaker, &error));
    *field = before;
}

#endif
