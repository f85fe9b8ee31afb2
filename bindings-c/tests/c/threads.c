// Many threads, counted: what each saw adds up to what the breaker says. Half of them use permits,
// half the admission word. One makes and frees references, one reads, one opens and closes.

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "check.h"
#include "k1s0_circuit_breaker.h"

enum { THREADS = 64 };

static k1s0_cb *breaker;
static long calls_each;
static atomic_int working = THREADS;
static pthread_barrier_t begin;

struct seen {
    uint64_t success, failure, stale, rejected, transitions;
};

static void count(struct seen *seen, uint32_t outcome, k1s0_cb_result result, uint32_t effect,
                  const k1s0_cb_transitions *transitions) {
    CHECK_IS(K1S0_CB_OK, result);
    seen->transitions += transitions->count;
    if (effect == K1S0_CB_EFFECT_STALE) {
        seen->stale++;
    } else if (outcome == K1S0_CB_SUCCESS) {
        seen->success++;
    } else {
        seen->failure++;
    }
}

// The guarded call. Now and then another thread gets its turn in the middle of it.
static uint32_t guarded(uint64_t *random) {
    *random = *random * 6364136223846793005ull + 1442695040888963407ull;
    if ((*random >> 43) % 16 == 0) {
        sched_yield();
    }
    return (*random >> 33) % 5 == 0 ? K1S0_CB_FAILURE : K1S0_CB_SUCCESS;
}

static void *with_permits(void *argument) {
    struct seen *seen = argument;
    uint64_t random = (uint64_t)(uintptr_t)argument;
    long i;
    pthread_barrier_wait(&begin);
    for (i = 0; i < calls_each; i++) {
        k1s0_cb_permit permit;
        k1s0_cb_rejection rejection;
        k1s0_cb_transitions transitions;
        uint32_t effect = 0, outcome;
        k1s0_cb_result result = k1s0_cb_try_acquire(breaker, 1, &permit, &rejection, &transitions);
        seen->transitions += transitions.count;
        if (result == K1S0_CB_REJECTED) {
            seen->rejected++;
            continue;
        }
        CHECK_IS(K1S0_CB_OK, result);
        outcome = guarded(&random);
        result = k1s0_cb_settle(breaker, &permit, outcome, 1, &effect, &transitions);
        count(seen, outcome, result, effect, &transitions);
    }
    atomic_fetch_sub(&working, 1);
    return NULL;
}

// The protocol of "The admission word", word for word.
static void *with_words(void *argument) {
    struct seen *seen = argument;
    uint64_t random = (uint64_t)(uintptr_t)argument;
    const uint64_t *place = NULL;
    uint64_t *successes = NULL;
    k1s0_cb_counter *counter = NULL;
    long i;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_admission_word(breaker, &place));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_counter_new(breaker, &counter));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_counter_address(counter, &successes));
    pthread_barrier_wait(&begin);
    for (i = 0; i < calls_each; i++) {
        k1s0_cb_transitions transitions = {0, 0, {{0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}};
        uint64_t word = __atomic_load_n(place, __ATOMIC_ACQUIRE), began = 0;
        uint32_t effect = 0, outcome;
        k1s0_cb_result result;
        if (word & 1) {
            began = 1;
            result = k1s0_cb_acquire_word(breaker, 1, &word, NULL, &transitions);
            seen->transitions += transitions.count;
            if (result == K1S0_CB_REJECTED) {
                seen->rejected++;
                continue;
            }
            CHECK_IS(K1S0_CB_OK, result);
        }
        outcome = guarded(&random);
        if (outcome == K1S0_CB_SUCCESS && (word & 1) == 0 &&
            __atomic_load_n(place, __ATOMIC_ACQUIRE) == word) {
            uint64_t so_far = __atomic_load_n(successes, __ATOMIC_RELAXED);
            __atomic_store_n(successes, so_far + 1, __ATOMIC_RELAXED);
            seen->success++;
            continue;
        }
        result = i % 2 == 0
                     ? k1s0_cb_settle_word(breaker, word, began, outcome, 1, &effect, &transitions)
                     : k1s0_cb_settle_low_word(breaker, (uint32_t)word, began, outcome, 1, &effect,
                                               &transitions);
        count(seen, outcome, result, effect, &transitions);
    }
    k1s0_cb_counter_free(counter);
    atomic_fetch_sub(&working, 1);
    return NULL;
}

static void *disturb(void *argument) {
    struct seen *seen = argument;
    while (atomic_load(&working) > 0) {
        k1s0_cb *copy = NULL, *shared = NULL;
        k1s0_cb_transitions transitions;
        k1s0_cb_metrics metrics;
        uint32_t state;
        metrics.struct_size = sizeof metrics;
        CHECK_IS(K1S0_CB_OK, k1s0_cb_clone(breaker, &copy));
        CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(copy, 1, &metrics));
        CHECK_IS(metrics.epoch, metrics.transitions + 1);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_get_state(copy, 1, &state));
        CHECK_IS(K1S0_CB_OK, k1s0_cb_trip(copy, 1, &transitions));
        seen->transitions += transitions.count;
        sched_yield();
        k1s0_cb_free(copy);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("disturbance", 11, NULL, &shared, NULL));
        CHECK_IS(K1S0_CB_OK, k1s0_cb_record_success(shared, 1, NULL));
        k1s0_cb_free(shared);
    }
    return NULL;
}

// With levels: a window of time, calls that are timed and watched, waits that grow.
static void play(int with_levels) {
    pthread_t threads[THREADS + 2];
    struct seen seen[THREADS + 2];
    struct seen all = {0, 0, 0, 0, 0};
    k1s0_cb_config config;
    k1s0_cb_metrics metrics;
    int i;
    memset(seen, 0, sizeof seen);
    atomic_store(&working, THREADS);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, sizeof config));
    config.failure_threshold = 3;
    config.success_threshold = 2;
    config.half_open_max_calls = 3;
    config.timeout_ns = 0;
    if (with_levels) {
        config.failure_rate_ppm = 300000;
        config.minimum_calls = 20;
        config.window_kind = K1S0_CB_WINDOW_TIME;
        config.window_time_ns = SECOND;
        config.slow_call_duration_ns = SECOND;
        config.count_hung_calls = 1;
        config.backoff_multiplier_ppm = 2000000;
    }
    CHECK_IS(0, pthread_barrier_init(&begin, NULL, THREADS));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breaker, NULL));
    for (i = 0; i < THREADS + 2; i++) {
        void *(*body)(void *) = i >= THREADS ? disturb : i % 2 == 0 ? with_permits : with_words;
        CHECK_IS(0, pthread_create(&threads[i], NULL, body, &seen[i]));
    }
    for (i = 0; i < THREADS + 2; i++) {
        CHECK_IS(0, pthread_join(threads[i], NULL));
        all.success += seen[i].success;
        all.failure += seen[i].failure;
        all.stale += seen[i].stale;
        all.rejected += seen[i].rejected;
        all.transitions += seen[i].transitions;
    }
    metrics.struct_size = sizeof metrics;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(breaker, 1, &metrics));
    CHECK_IS(all.success, metrics.success);
    CHECK_IS(all.failure, metrics.failure);
    CHECK_IS(all.stale, metrics.stale);
    CHECK_IS(all.rejected, metrics.rejected);
    CHECK_IS(all.transitions, metrics.transitions);
    // It was lively enough to prove something.
    CHECK(calls_each < 2000 || (all.stale > 0 && all.transitions > 100));
    CHECK_IS((uint64_t)THREADS * (uint64_t)calls_each,
             all.success + all.failure + all.stale + all.rejected);
    k1s0_cb_free(breaker);
    CHECK_IS(0, pthread_barrier_destroy(&begin));
    printf("threads%s: %d, calls %llu: success %llu, failure %llu, stale %llu, rejected %llu, "
           "transitions %llu: exact\n",
           with_levels ? " with levels" : "", THREADS,
           (unsigned long long)THREADS * (unsigned long long)calls_each,
           (unsigned long long)all.success, (unsigned long long)all.failure,
           (unsigned long long)all.stale, (unsigned long long)all.rejected,
           (unsigned long long)all.transitions);
}

int main(int argc, char **argv) {
    calls_each = argc > 1 ? atol(argv[1]) : 10000;
    play(0);
    play(1);
    return 0;
}
