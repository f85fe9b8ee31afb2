// What the levels from window on are configured with, and what their entries answer.

#include "make.h"

static void configs(void) {
    k1s0_cb_config c;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&c, sizeof c));
    refused(&c.failure_threshold, K1S0_CB_OFF, &c,
            "failure_threshold is off; it must be 1 to 4294967295 where no rate is set");
    refused(&c.failure_threshold, UINT64_MAX, &c,
            "failure_threshold is 18446744073709551615; it must be 1 to 4294967295");
    refused(&c.failure_rate_ppm, 0, &c, "failure_rate is 0; it must be more than 0, at most 1");
    refused(&c.failure_rate_ppm, 1000001, &c,
            "failure_rate is 1.000001; it must be more than 0, at most 1");
    refused(&c.minimum_calls, 0, &c, "minimum_calls is 0; it must be 1 to 4294967295");
    refused(&c.window_kind, 2, &c, "window_kind is 2; it must be 0 or 1");
    refused(&c.window_kind, K1S0_CB_WINDOW_TIME, &c, "window is 0ns; it must be 10ms to 24h");
    refused(&c.window_calls, 65537, &c, "window is 65537; it must be 1 to 65536");
    refused(&c.slow_call_duration_ns, 0, &c, "slow_call_duration is 0ns; it must be 1ns or more");
    refused(&c.slow_call_rate_ppm, K1S0_CB_OFF, &c,
            "slow_call_rate is 18446744073709.55; it must be more than 0, at most 1");
    refused(&c.slow_minimum_calls, 0, &c, "slow_minimum_calls is 0; it must be 1 to 4294967295");
    refused(&c.count_hung_calls, 1, &c,
            "count_hung_calls is true; it must be false where slow_call_duration is off");
    refused(&c.count_hung_calls, 2, &c, "count_hung_calls is 2; it must be 0 or 1");
    refused(&c.backoff_multiplier_ppm, 999999, &c,
            "backoff_multiplier is 0.999999; it must be 1 to 100");
    refused(&c.max_timeout_ns, 29 * SECOND, &c, "max_timeout is 29s; it must be timeout or more");
    refused(&c.jitter_ppm, 1500000, &c, "jitter is 1.5; it must be 0 to 1");
    refused(&c.has_jitter_seed, 77, &c, "has_jitter_seed is 77; it must be 0 or 1");
    refused(&c.shadow, UINT64_MAX, &c, "shadow is 18446744073709551615; it must be 0 or 1");
    c.failure_rate_ppm = 1000000;
    refused(&c.minimum_calls, 101, &c,
            "minimum_calls is 101; it must be 1 to 100, the calls in the window");
    c.window_kind = K1S0_CB_WINDOW_TIME;
    c.window_time_ns = SECOND;
    refused(&c.window_buckets, 9, &c, "window_buckets is 9; it must be 10 to 100");
    refused(&c.window_time_ns, 1, &c, "window is 1ns; it must be 10ms to 24h");
}

// A call that would have been rejected has a permit, and a word; neither does anything.
static void shadow(void) {
    k1s0_cb_config config;
    k1s0_cb *breaker = NULL;
    k1s0_cb_permit permit;
    k1s0_cb_metrics metrics;
    uint64_t word = 0;
    uint32_t effect = 77;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, sizeof config));
    config.shadow = 1;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_trip(breaker, 0, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle(breaker, &permit, K1S0_CB_FAILURE, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_EFFECT_SHADOWED, effect);
    CHECK(strcmp(k1s0_cb_effect_name(effect), "shadowed") == 0);
    CHECK_IS(K1S0_CB_ALREADY_SETTLED,
             k1s0_cb_settle(breaker, &permit, K1S0_CB_FAILURE, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_acquire_word(breaker, 0, &word, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_ARGUMENT, k1s0_cb_settle_word(breaker, word, 0, 4, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle_word(breaker, word, 0, K1S0_CB_SUCCESS, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_EFFECT_SHADOWED, effect);
    effect = 77;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle_low_word(breaker, (uint32_t)word, 0, K1S0_CB_CANCELLED, 0,
                                                 &effect, NULL));
    CHECK_IS(K1S0_CB_EFFECT_SHADOWED, effect);
    CHECK_IS(K1S0_CB_INVALID_PERMIT,
             k1s0_cb_settle_word(breaker, 0, 0, K1S0_CB_SUCCESS, 0, NULL, NULL));
    metrics = metrics_of(breaker);
    CHECK_IS(2, metrics.would_reject);
    CHECK_IS(2, metrics.would_reject_open);
    CHECK(metrics.rejected == 0 && metrics.failure == 0 && metrics.success == 0 && metrics.stale == 0);
    k1s0_cb_free(breaker);
}

static void recent(void) {
    k1s0_cb *breaker = make(1);
    k1s0_cb_transition items[K1S0_CB_RECENT_TRANSITIONS + 1];
    uint64_t count = 77, i;
    memset(items, 0xAB, sizeof items);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_recent_transitions(breaker, NULL, 0, &count));
    CHECK_IS(0, count);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_trip(breaker, 5, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_reset(breaker, 6, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_recent_transitions(breaker, NULL, 0, &count));
    CHECK_IS(2, count);
    count = 77;
    CHECK_IS(K1S0_CB_BUFFER_TOO_SMALL, k1s0_cb_recent_transitions(breaker, items, 1, &count));
    CHECK_IS(2, count);
    CHECK_IS(0xABABABABu, items[0].reason);
    CHECK_IS(K1S0_CB_BUFFER_TOO_SMALL, k1s0_cb_recent_transitions(breaker, items, 0, &count));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_recent_transitions(breaker, items, 2, &count));
    CHECK_IS(K1S0_CB_REASON_TRIP, items[0].reason);
    CHECK_IS(5, items[0].at_ns);
    CHECK_IS(K1S0_CB_REASON_RESET, items[1].reason);
    CHECK_IS(3, items[1].epoch);
    CHECK_IS(0xABABABABu, items[2].reason);
    for (i = 0; i < 40; i++) {
        CHECK_IS(K1S0_CB_OK, k1s0_cb_reset(breaker, i, NULL));
    }
    CHECK_IS(K1S0_CB_OK,
             k1s0_cb_recent_transitions(breaker, items, K1S0_CB_RECENT_TRANSITIONS, &count));
    CHECK_IS(K1S0_CB_RECENT_TRANSITIONS, count);
    CHECK_IS(12, items[0].epoch);
    CHECK_IS(43, items[count - 1].epoch);
    CHECK_IS(0xABABABABu, items[count].reason);
    k1s0_cb_free(breaker);
}

// A wait that the server asked for, and a call that hangs.
static void waits(void) {
    k1s0_cb *breaker = make(1);
    k1s0_cb_config config;
    k1s0_cb_permit permit;
    k1s0_cb_transitions made;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle_retry_after(breaker, &permit, K1S0_CB_FAILURE, 45 * SECOND, 0,
                                                    NULL, &made));
    CHECK_IS(1, made.count);
    CHECK_IS(45 * SECOND, metrics_of(breaker).remaining_wait_ns);
    k1s0_cb_free(breaker);

    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, sizeof config));
    config.slow_call_duration_ns = SECOND;
    config.slow_minimum_calls = 1;
    config.count_hung_calls = 1;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_tick(breaker, SECOND, &made));
    CHECK_IS(0, made.count);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_tick(breaker, 2 * SECOND, &made));
    CHECK_IS(1, made.count);
    CHECK_IS(K1S0_CB_REASON_SLOW_CALL_RATE, made.items[0].reason);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_tick(breaker, 3 * SECOND, NULL));
    CHECK_IS(1, metrics_of(breaker).slow);
    k1s0_cb_free(breaker);
}

// Why it is as it is, into a buffer that is found to be too small first.
static void explained(void) {
    k1s0_cb *breaker = NULL;
    char buffer[8192];
    uint64_t needed = 0, needed_again = 0;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("pay\"ments", 9, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_trip(breaker, SECOND, NULL));
    CHECK_IS(K1S0_CB_BUFFER_TOO_SMALL,
             k1s0_cb_explain_json(breaker, 2 * SECOND, NULL, 0, &needed));
    CHECK(needed > 500 && needed <= sizeof buffer);
    memset(buffer, 'x', sizeof buffer);
    CHECK_IS(K1S0_CB_BUFFER_TOO_SMALL,
             k1s0_cb_explain_json(breaker, 2 * SECOND, buffer, needed - 1, &needed_again));
    CHECK_IS(needed, needed_again);
    CHECK(buffer[0] == 'x');
    CHECK_IS(K1S0_CB_OK, k1s0_cb_explain_json(breaker, 2 * SECOND, buffer, needed, &needed_again));
    CHECK_IS(needed, needed_again);
    CHECK_IS(needed, strlen(buffer) + 1);
    CHECK(buffer[needed] == 'x');
    CHECK(strstr(buffer, "{\"name\":\"pay\\\"ments\",\"state\":\"Open\",") == buffer);
    CHECK(strstr(buffer, "\"remaining_wait_ns\":29000000000") != NULL);
    CHECK(strstr(buffer, "\"reason\":\"trip\"") != NULL);

    CHECK_IS(K1S0_CB_OK, k1s0_cb_explain_text(breaker, 2 * SECOND, buffer, sizeof buffer, &needed));
    CHECK_IS(needed, strlen(buffer) + 1);
    CHECK(strstr(buffer, "a call now is rejected (open)\n") != NULL);
    CHECK(strstr(buffer, "the next call after 29s is a probe\n") != NULL);
    // It is told, and nothing happens.
    CHECK_IS(K1S0_CB_OK, k1s0_cb_explain_json(breaker, 60 * SECOND, buffer, sizeof buffer, &needed));
    CHECK_IS(1, metrics_of(breaker).transitions);
    k1s0_cb_free(breaker);
}

// What a response's headers ask for, in nanoseconds.
static uint64_t asked(int32_t status, const char *value, const char *date) {
    uint64_t found = 77;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_http_retry_after(status, value, value ? strlen(value) : 0, date,
                                                  date ? strlen(date) : 0, &found));
    return found;
}

static void retry_after(void) {
    const char *until = "Sun, 06 Nov 1994 08:50:37 GMT", *date = "Sun, 06 Nov 1994 08:49:37 GMT";
    CHECK_IS(120 * SECOND, asked(503, "120", NULL));
    CHECK_IS(120 * SECOND, asked(429, " 120 ", NULL));
    CHECK_IS(60 * SECOND, asked(503, until, date));
    CHECK_IS(K1S0_CB_NEVER, asked(503, "99999999999999999999999", NULL));
    CHECK_IS(K1S0_CB_OFF, asked(503, until, NULL));
    CHECK_IS(K1S0_CB_OFF, asked(503, date, until));
    CHECK_IS(K1S0_CB_OFF, asked(500, "120", NULL));
    CHECK_IS(K1S0_CB_OFF, asked(-1, "120", NULL));
    CHECK_IS(K1S0_CB_OFF, asked(503, "soon", date));
    CHECK_IS(K1S0_CB_OFF, asked(503, NULL, NULL));

    uint64_t wait = 77;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_grpc_retry_pushback("1500", 4, &wait));
    CHECK_IS(1500 * (SECOND / 1000), wait);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_grpc_retry_pushback("-1", 2, &wait));
    CHECK_IS(K1S0_CB_OFF, wait);
}

// A name that is only said: others may have it too.
static void named(void) {
    k1s0_cb *breaker = NULL, *same = NULL, *shared = NULL;
    char buffer[4096];
    uint64_t needed = 0;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new_named("pay\"ments", 9, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new_named("pay\"ments", 9, NULL, &same, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("pay\"ments", 9, NULL, &shared, NULL));
    CHECK(breaker != same && breaker != shared);
    k1s0_cb_free(same);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("pay\"ments", 9, NULL, &same, NULL));
    CHECK(same == shared);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_name(breaker, buffer, sizeof buffer, &needed));
    CHECK(strcmp(buffer, "pay\"ments") == 0);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_explain_json(breaker, 0, buffer, sizeof buffer, &needed));
    CHECK(strstr(buffer, "{\"name\":\"pay\\\"ments\",") == buffer);
    k1s0_cb_free(breaker);
    k1s0_cb_free(same);
    k1s0_cb_free(shared);
}

int main(void) {
    configs();
    named();
    retry_after();
    explained();
    shadow();
    recent();
    waits();
    puts("levels: as they should be");
    return 0;
}
