// Every call that is wrong is answered with an error, and does nothing else.


#include "check.h"
#include "make.h"

static void null_pointers(void) {
    k1s0_cb *breaker = make(1), *other = NULL;
    k1s0_cb_counter *counter = NULL;
    k1s0_cb_config config;
    k1s0_cb_permit permit = {0, 0, 0, 0};
    k1s0_cb_metrics metrics;
    const uint64_t *place = NULL;
    k1s0_cb_transition items[K1S0_CB_RECENT_TRANSITIONS];
    uint64_t word = 0, *address = NULL, needed = 0, count = 77;
    uint32_t number = 77;
    char buffer[8];
    char text[4096];
    metrics.struct_size = sizeof metrics;

#define NULLS(call) CHECK_IS(K1S0_CB_NULL_POINTER, call)
    NULLS(k1s0_cb_config_init(NULL, sizeof config));
    NULLS(k1s0_cb_new(NULL, NULL, NULL));
    NULLS(k1s0_cb_new_named(NULL, 1, NULL, &other, NULL));
    NULLS(k1s0_cb_new_named("a", 1, NULL, NULL, NULL));
    NULLS(k1s0_cb_clone(NULL, &other));
    NULLS(k1s0_cb_clone(breaker, NULL));
    NULLS(k1s0_cb_get_name(NULL, buffer, sizeof buffer, &needed));
    NULLS(k1s0_cb_get_name(breaker, NULL, sizeof buffer, &needed));
    NULLS(k1s0_cb_get_name(breaker, buffer, sizeof buffer, NULL));
    NULLS(k1s0_cb_shared(NULL, 1, NULL, &other, NULL));
    NULLS(k1s0_cb_shared("a", 1, NULL, NULL, NULL));
    NULLS(k1s0_cb_try_acquire(NULL, 0, &permit, NULL, NULL));
    NULLS(k1s0_cb_try_acquire(breaker, 0, NULL, NULL, NULL));
    NULLS(k1s0_cb_settle(NULL, &permit, K1S0_CB_SUCCESS, 0, NULL, NULL));
    NULLS(k1s0_cb_settle(breaker, NULL, K1S0_CB_SUCCESS, 0, NULL, NULL));
    NULLS(k1s0_cb_settle_retry_after(NULL, &permit, K1S0_CB_FAILURE, 1, 0, NULL, NULL));
    NULLS(k1s0_cb_settle_retry_after(breaker, NULL, K1S0_CB_FAILURE, 1, 0, NULL, NULL));
    NULLS(k1s0_cb_record_success(NULL, 0, NULL));
    NULLS(k1s0_cb_record_failure(NULL, 0, NULL));
    NULLS(k1s0_cb_tick(NULL, 0, NULL));
    NULLS(k1s0_cb_reset(NULL, 0, NULL));
    NULLS(k1s0_cb_trip(NULL, 0, NULL));
    NULLS(k1s0_cb_force_open(NULL, 0, NULL));
    NULLS(k1s0_cb_force_closed(NULL, 0, NULL));
    NULLS(k1s0_cb_automatic(NULL, 0, NULL));
    NULLS(k1s0_cb_get_state(NULL, 0, &number));
    NULLS(k1s0_cb_get_state(breaker, 0, NULL));
    NULLS(k1s0_cb_get_metrics(NULL, 0, &metrics));
    NULLS(k1s0_cb_get_metrics(breaker, 0, NULL));
    NULLS(k1s0_cb_recent_transitions(NULL, items, K1S0_CB_RECENT_TRANSITIONS, &count));
    NULLS(k1s0_cb_recent_transitions(breaker, NULL, 1, &count));
    NULLS(k1s0_cb_recent_transitions(breaker, items, K1S0_CB_RECENT_TRANSITIONS, NULL));
    NULLS(k1s0_cb_recent_transitions(breaker, NULL, 0, NULL));
    NULLS(k1s0_cb_explain_json(NULL, 0, text, sizeof text, &needed));
    NULLS(k1s0_cb_explain_json(breaker, 0, NULL, sizeof text, &needed));
    NULLS(k1s0_cb_explain_json(breaker, 0, text, sizeof text, NULL));
    NULLS(k1s0_cb_explain_text(NULL, 0, text, sizeof text, &needed));
    NULLS(k1s0_cb_explain_text(breaker, 0, NULL, sizeof text, &needed));
    NULLS(k1s0_cb_explain_text(breaker, 0, text, sizeof text, NULL));
    NULLS(k1s0_cb_admission_word(NULL, &place));
    NULLS(k1s0_cb_admission_word(breaker, NULL));
    NULLS(k1s0_cb_acquire_word(NULL, 0, &word, NULL, NULL));
    NULLS(k1s0_cb_acquire_word(breaker, 0, NULL, NULL, NULL));
    NULLS(k1s0_cb_settle_word(NULL, 2, 0, K1S0_CB_SUCCESS, 0, NULL, NULL));
    NULLS(k1s0_cb_settle_low_word(NULL, 2, 0, K1S0_CB_SUCCESS, 0, NULL, NULL));
    NULLS(k1s0_cb_settle_word_retry_after(NULL, 2, 0, K1S0_CB_SUCCESS, 1, 0, NULL, NULL));
    NULLS(k1s0_cb_counter_new(NULL, &counter));
    NULLS(k1s0_cb_counter_new(breaker, NULL));
    NULLS(k1s0_cb_counter_address(NULL, &address));
    NULLS(k1s0_cb_classify_http_status(200, NULL));
    NULLS(k1s0_cb_classify_grpc_status(0, NULL));
    NULLS(k1s0_cb_classify_transport_error(0, NULL));
    NULLS(k1s0_cb_http_retry_after(503, "1", 1, NULL, 0, NULL));
    NULLS(k1s0_cb_grpc_retry_pushback("1", 1, NULL));
#undef NULLS
    // Nothing was written.
    CHECK(other == NULL && counter == NULL && place == NULL && address == NULL);
    CHECK(word == 0 && needed == 0 && count == 77 && number == 77 && permit.word == 0 && permit.breaker == 0);
    CHECK_IS(1, metrics_of(breaker).epoch);
    CHECK_IS(0, metrics_of(breaker).success);

    CHECK_IS(K1S0_CB_OK, k1s0_cb_counter_new(breaker, &counter));
    CHECK_IS(K1S0_CB_NULL_POINTER, k1s0_cb_counter_address(counter, NULL));
    k1s0_cb_counter_free(counter);
    k1s0_cb_counter_free(NULL);
    k1s0_cb_free(breaker);
    k1s0_cb_free(NULL);
}

// What may be NULL may be.
static void unwanted(void) {
    k1s0_cb *breaker = NULL;
    k1s0_cb_permit permit;
    uint64_t word;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle(breaker, &permit, K1S0_CB_FAILURE, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_trip(breaker, 0, NULL));
    CHECK_IS(K1S0_CB_REJECTED, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_REJECTED, k1s0_cb_acquire_word(breaker, 0, &word, NULL, NULL));
    k1s0_cb_free(breaker);
}

static void sizes(void) {
    struct {
        k1s0_cb_config known;
        uint64_t newer;
    } larger;
    struct {
        k1s0_cb_metrics known;
        uint64_t newer;
    } more;
    k1s0_cb *breaker = NULL, *again = NULL, *made = make(5);
    k1s0_cb_config config;
    uint64_t bad[] = {0, 1, 8, 15, 17, sizeof config + 1, 4104, UINT64_MAX};
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        k1s0_cb_metrics metrics;
        memset(&config, 0, sizeof config);
        CHECK_IS(K1S0_CB_INVALID_SIZE, k1s0_cb_config_init(&config, bad[i]));
        CHECK_IS(0, config.struct_size);
        config.struct_size = bad[i];
        CHECK_IS(K1S0_CB_INVALID_SIZE, k1s0_cb_new(&config, &breaker, NULL));
        CHECK_IS(K1S0_CB_INVALID_SIZE, k1s0_cb_shared("a", 1, &config, &breaker, NULL));
        metrics.struct_size = bad[i];
        CHECK_IS(K1S0_CB_INVALID_SIZE, k1s0_cb_get_metrics(made, 0, &metrics));
    }
    CHECK(breaker == NULL);

    // An older caller, whose struct ends after the first field.
    memset(&config, 0xFF, sizeof config);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, 16));
    CHECK_IS(16, config.struct_size);
    CHECK_IS(5, config.failure_threshold);
    CHECK(config.success_threshold == UINT64_MAX); // beyond what it has
    config.failure_threshold = 1;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_record_failure(breaker, 0, NULL));
    CHECK_IS(30 * SECOND, metrics_of(breaker).remaining_wait_ns);
    k1s0_cb_free(breaker);
    more.known.failure = 99;
    more.known.struct_size = 16;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(made, 0, &more.known));
    CHECK_IS(99, more.known.failure);

    // One whose struct ends where that of ABI 1 did: what it does not have is off.
    memset(&config, 0, sizeof config);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, 48));
    CHECK_IS(60 * SECOND, config.probe_timeout_ns);
    CHECK_IS(0, config.failure_rate_ppm);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    k1s0_cb_free(breaker);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("older", 5, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("older", 5, &config, &again, NULL));
    k1s0_cb_free(again);
    k1s0_cb_free(breaker);
    // And one that ends after the failure rate.
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, 56));
    config.failure_rate_ppm = 500000;
    config.minimum_calls = 1; // beyond what it has
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_record_failure(breaker, 0, NULL));
    CHECK_IS(K1S0_CB_CLOSED, metrics_of(breaker).state);
    CHECK_IS(1, metrics_of(breaker).window_failures);
    k1s0_cb_free(breaker);
    more.known.slow = 99;
    more.known.struct_size = 208;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(made, 0, &more.known));
    CHECK_IS(0, more.known.probes_in_flight);
    CHECK_IS(99, more.known.slow);

    // A newer caller: it works as long as it says nothing that we do not know.
    larger.newer = 1;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&larger.known, sizeof larger));
    CHECK_IS(sizeof larger, larger.known.struct_size);
    CHECK_IS(0, larger.newer);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&larger.known, &breaker, NULL));
    k1s0_cb_free(breaker);
    breaker = NULL;
    larger.newer = 1ull << 56;
    CHECK_IS(K1S0_CB_UNKNOWN_FIELD, k1s0_cb_new(&larger.known, &breaker, NULL));
    CHECK(breaker == NULL);
    more.newer = 1;
    more.known.struct_size = sizeof more;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(made, 0, &more.known));
    CHECK_IS(0, more.newer);
    CHECK_IS(sizeof more, more.known.struct_size);
    k1s0_cb_free(made);
}

static void configs(void) {
    k1s0_cb_config c;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&c, sizeof c));
    refused(&c.failure_threshold, 0, &c, "failure_threshold is 0; it must be 1 to 4294967295");
    refused(&c.success_threshold, 1ull << 32, &c,
            "success_threshold is 4294967296; it must be 1 to 4294967295");
    refused(&c.half_open_max_calls, 65536, &c, "half_open_max_calls is 65536; it must be 1 to 65535");
    refused(&c.probe_timeout_ns, MS - 1, &c, "probe_timeout is 999.999µs; it must be 1ms or more");
}

static void enums(void) {
    k1s0_cb *breaker = make(1);
    k1s0_cb_permit permit;
    uint64_t word;
    uint32_t bad[] = {4, 100, UINT32_MAX}, outcome = 77;
    size_t i;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_acquire_word(breaker, 0, &word, NULL, NULL));
    for (i = 0; i < 3; i++) {
        k1s0_cb_effect effect = 77;
        CHECK_IS(K1S0_CB_INVALID_ARGUMENT, k1s0_cb_settle(breaker, &permit, bad[i], 0, &effect, NULL));
        CHECK_IS(K1S0_CB_INVALID_ARGUMENT,
                 k1s0_cb_settle_word(breaker, word, 0, bad[i], 0, &effect, NULL));
        CHECK_IS(K1S0_CB_INVALID_ARGUMENT,
                 k1s0_cb_settle_low_word(breaker, (uint32_t)word, 0, bad[i], 0, &effect, NULL));
        CHECK_IS(K1S0_CB_INVALID_ARGUMENT,
                 k1s0_cb_settle_retry_after(breaker, &permit, bad[i], 1, 0, &effect, NULL));
        CHECK_IS(K1S0_CB_INVALID_ARGUMENT,
                 k1s0_cb_settle_word_retry_after(breaker, word, 0, bad[i], 1, 0, &effect, NULL));
        CHECK_IS(77, effect);
        CHECK(strcmp(k1s0_cb_state_name(bad[i]), "unknown") == 0);
        CHECK(strcmp(k1s0_cb_outcome_name(bad[i]), "unknown") == 0);
        CHECK(strcmp(k1s0_cb_effect_name(bad[i]), "unknown") == 0);
        CHECK(strcmp(k1s0_cb_reject_reason_name(bad[i]), "unknown") == 0);
        CHECK(strcmp(k1s0_cb_reason_name(bad[i] | 64), "unknown") == 0);
        CHECK(strcmp(k1s0_cb_transport_error_name(bad[i] | 64), "unknown") == 0);
        CHECK(strcmp(k1s0_cb_result_name((int32_t)bad[i] + 200), "unknown") == 0);
        CHECK_IS(K1S0_CB_INVALID_ARGUMENT, k1s0_cb_classify_transport_error(bad[i] | 6, &outcome));
    }
    CHECK_IS(77, outcome);
    CHECK(strcmp(k1s0_cb_result_name(K1S0_CB_WRONG_BREAKER), "wrong_breaker") == 0);
    // The permit is still good.
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle(breaker, &permit, K1S0_CB_SUCCESS, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle_word(breaker, word, 0, K1S0_CB_SUCCESS, 0, NULL, NULL));
    CHECK_IS(2, metrics_of(breaker).success);
    k1s0_cb_free(breaker);
}

static void permits(void) {
    k1s0_cb *breaker = make(1), *other = make(1);
    k1s0_cb_permit permit, none = {0, 0, 0, 0};
    uint32_t effect = 77;
    k1s0_cb_transitions transitions;

    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_WRONG_BREAKER, k1s0_cb_settle(other, &permit, K1S0_CB_FAILURE, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_WRONG_BREAKER,
             k1s0_cb_settle_retry_after(other, &permit, K1S0_CB_FAILURE, 1, 0, &effect, NULL));
    CHECK_IS(77, effect);
    CHECK_IS(0, metrics_of(other).failure);
    // It is still to be settled where it belongs, once.
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle(breaker, &permit, K1S0_CB_SUCCESS, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_EFFECT_APPLIED, effect);
    transitions.count = 77;
    CHECK_IS(K1S0_CB_ALREADY_SETTLED,
             k1s0_cb_settle(breaker, &permit, K1S0_CB_FAILURE, 0, &effect, &transitions));
    CHECK_IS(K1S0_CB_EFFECT_ALREADY_SETTLED, effect);
    CHECK_IS(0, transitions.count);
    CHECK_IS(K1S0_CB_ALREADY_SETTLED,
             k1s0_cb_settle_retry_after(breaker, &permit, K1S0_CB_FAILURE, 1, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_WRONG_BREAKER, k1s0_cb_settle(other, &permit, K1S0_CB_FAILURE, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_PERMIT, k1s0_cb_settle(breaker, &none, K1S0_CB_FAILURE, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_PERMIT, k1s0_cb_settle_word(breaker, 0, 0, K1S0_CB_FAILURE, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_PERMIT, k1s0_cb_settle_word(breaker, 1, 0, K1S0_CB_FAILURE, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_PERMIT,
             k1s0_cb_settle_low_word(breaker, 0, 0, K1S0_CB_FAILURE, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_PERMIT,
             k1s0_cb_settle_word_retry_after(breaker, 1, 0, K1S0_CB_FAILURE, 1, 0, NULL, NULL));
    CHECK_IS(K1S0_CB_INVALID_PERMIT,
             k1s0_cb_settle_retry_after(breaker, &none, K1S0_CB_FAILURE, 1, 0, NULL, NULL));
    CHECK_IS(1, metrics_of(breaker).success);
    CHECK_IS(0, metrics_of(breaker).failure);

    // A permit of a breaker that is gone is not one of the next breaker in the same memory.
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(other, 0, &permit, NULL, NULL));
    k1s0_cb_free(other);
    other = make(1);
    CHECK_IS(K1S0_CB_WRONG_BREAKER, k1s0_cb_settle(other, &permit, K1S0_CB_FAILURE, 0, NULL, NULL));

    // Words of an epoch that never was, and of one that is over.
    CHECK_IS(K1S0_CB_OK,
             k1s0_cb_settle_word(other, 1000, 0, K1S0_CB_FAILURE, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_EFFECT_STALE, effect);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_trip(other, 0, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle_word(other, 2, 0, K1S0_CB_FAILURE, 0, &effect, NULL));
    CHECK_IS(K1S0_CB_EFFECT_STALE, effect);
    // One of an open epoch, which no admission gives.
    CHECK_IS(K1S0_CB_ALREADY_SETTLED,
             k1s0_cb_settle_word(other, 5, 0, K1S0_CB_FAILURE, 0, &effect, NULL));
    k1s0_cb_free(breaker);
    k1s0_cb_free(other);
}

static void names(void) {
    static char longest[K1S0_CB_MAX_NAME + 1];
    k1s0_cb *breaker = NULL, *unnamed = make(1), *same = NULL;
    k1s0_cb_config config;
    uint64_t needed = 0;
    char buffer[8] = "?";
    memset(longest, 'a', sizeof longest);
    CHECK_IS(K1S0_CB_INVALID_ARGUMENT, k1s0_cb_shared("", 0, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_ARGUMENT,
             k1s0_cb_shared(longest, sizeof longest, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_ARGUMENT, k1s0_cb_shared(longest, UINT64_MAX, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_UTF8, k1s0_cb_shared("\xC3", 1, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_ARGUMENT, k1s0_cb_new_named("", 0, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_ARGUMENT,
             k1s0_cb_new_named(longest, sizeof longest, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_UTF8, k1s0_cb_new_named("\xC3", 1, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_INVALID_UTF8, k1s0_cb_shared("\xED\xA0\x80", 3, NULL, &breaker, NULL));
    CHECK(breaker == NULL);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("支払い!", 10, NULL, &breaker, NULL));
    CHECK_IS(K1S0_CB_BUFFER_TOO_SMALL, k1s0_cb_get_name(breaker, buffer, sizeof buffer, &needed));
    CHECK_IS(11, needed);
    CHECK_IS('?', buffer[0]);
    CHECK_IS(K1S0_CB_BUFFER_TOO_SMALL, k1s0_cb_get_name(breaker, NULL, 0, &needed));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_name(unnamed, buffer, sizeof buffer, &needed));
    CHECK(needed == 1 && buffer[0] == 0);

    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, sizeof config));
    config.failure_threshold = 6;
    CHECK_IS(K1S0_CB_CONFIG_MISMATCH, k1s0_cb_shared("支払い!", 10, &config, &same, NULL));
    CHECK(same == NULL);
    config.failure_threshold = 5;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("支払い!", 10, &config, &same, NULL));
    CHECK(same == breaker);
    k1s0_cb_free(same);
    k1s0_cb_free(breaker);
    k1s0_cb_free(unnamed);
    // With the last reference it is gone, and its configuration with it.
    config.failure_threshold = 6;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("支払い!", 10, &config, &breaker, NULL));
    k1s0_cb_free(breaker);
}

int main(void) {
    CHECK_IS(K1S0_CB_ABI_VERSION, k1s0_cb_abi_version());
    null_pointers();
    unwanted();
    sizes();
    configs();
    enums();
    permits();
    names();
    puts("misuse: every call was answered");
    return 0;
}
