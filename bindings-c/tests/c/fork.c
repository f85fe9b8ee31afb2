// A child forked while other threads use breakers can use them too, at once. Each child has a
// second; SIGALRM ends it otherwise.

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "k1s0_circuit_breaker.h"

enum { BREAKERS = 8, BUSY = 4 };

static k1s0_cb *breakers[BREAKERS];
static atomic_int stop;

static void call(k1s0_cb *breaker, uint32_t outcome) {
    k1s0_cb_permit permit;
    k1s0_cb_result result = k1s0_cb_try_acquire(breaker, 1, &permit, NULL, NULL);
    if (result == K1S0_CB_OK) {
        result = k1s0_cb_settle(breaker, &permit, outcome, 1, NULL, NULL);
        CHECK_IS(K1S0_CB_OK, result);
    } else {
        CHECK_IS(K1S0_CB_REJECTED, result);
    }
}

// Everything that takes a lock: failures, readings, making, freeing, names.
static void *busy(void *argument) {
    unsigned i = (unsigned)(uintptr_t)argument;
    while (!atomic_load(&stop)) {
        k1s0_cb *breaker = breakers[i++ % BREAKERS], *made = NULL;
        k1s0_cb_metrics metrics;
        metrics.struct_size = sizeof metrics;
        call(breaker, i % 3 == 0 ? K1S0_CB_SUCCESS : K1S0_CB_FAILURE);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(breaker, 1, &metrics));
        CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("busy", 4, NULL, &made, NULL));
        call(made, K1S0_CB_FAILURE);
        k1s0_cb_free(made);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_new(NULL, &made, NULL));
        call(made, K1S0_CB_SUCCESS);
        k1s0_cb_free(made);
    }
    return NULL;
}

static void *in_child(void *argument) {
    call(argument, K1S0_CB_SUCCESS);
    return NULL;
}

static void child(void) {
    k1s0_cb *made = NULL;
    pthread_t thread;
    int i;
    alarm(1);
    for (i = 0; i < BREAKERS; i++) {
        k1s0_cb_metrics metrics;
        metrics.struct_size = sizeof metrics;
        call(breakers[i], K1S0_CB_FAILURE);
        call(breakers[i], K1S0_CB_SUCCESS);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_get_metrics(breakers[i], 1, &metrics));
        CHECK_IS(metrics.epoch, metrics.transitions + 1);
    }
    CHECK_IS(K1S0_CB_OK, k1s0_cb_shared("busy", 4, NULL, &made, NULL));
    call(made, K1S0_CB_FAILURE);
    k1s0_cb_free(made);
    CHECK_IS(0, pthread_create(&thread, NULL, in_child, breakers[0]));
    CHECK_IS(0, pthread_join(thread, NULL));
    _exit(0);
}

int main(int argc, char **argv) {
    long forks = argc > 1 ? atol(argv[1]) : 1000, i;
    pthread_t threads[BUSY];
    k1s0_cb_config config;
    CHECK_IS(K1S0_CB_OK, k1s0_cb_config_init(&config, sizeof config));
    config.failure_threshold = 2;
    config.success_threshold = 1;
    config.timeout_ns = 0;
    config.window_kind = K1S0_CB_WINDOW_TIME;
    config.window_time_ns = SECOND;
    for (i = 0; i < BREAKERS; i++) {
        // Half of them with a window, and calls that are timed.
        config.failure_rate_ppm = i % 2 == 0 ? K1S0_CB_OFF : 500000;
        config.slow_call_duration_ns = i % 2 == 0 ? K1S0_CB_OFF : SECOND;
        CHECK_IS(K1S0_CB_OK, k1s0_cb_new(&config, &breakers[i], NULL));
    }
    for (i = 0; i < BUSY; i++) {
        CHECK_IS(0, pthread_create(&threads[i], NULL, busy, (void *)(uintptr_t)i));
    }
    for (i = 0; i < forks; i++) {
        int status = 0;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            child();
        }
        CHECK_IS(pid, waitpid(pid, &status, 0));
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "child %ld ended with status %d\n", i, status);
            return 1;
        }
    }
    atomic_store(&stop, 1);
    for (i = 0; i < BUSY; i++) {
        CHECK_IS(0, pthread_join(threads[i], NULL));
    }
    for (i = 0; i < BREAKERS; i++) {
        k1s0_cb_free(breakers[i]);
    }
    printf("fork: %ld children, each made its calls\n", forks);
    return 0;
}
