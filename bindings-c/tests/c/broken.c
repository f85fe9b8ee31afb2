// What each sanitizer must report, to show that it was on: argv[1] says which.

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "k1s0_circuit_breaker.h"

static int shared_number;

static void *race(void *argument) {
    int i;
    for (i = 0; i < 1000; i++) {
        shared_number += i;
    }
    return argument;
}

int main(int argc, char **argv) {
    k1s0_cb *breaker = NULL;
    CHECK(argc > 1);
    CHECK_IS(K1S0_CB_OK, k1s0_cb_new(NULL, &breaker, NULL));
    if (strcmp(argv[1], "address") == 0) {
        // volatile: a compiler that sees through it refuses to compile it
        k1s0_cb_permit *volatile permit = malloc(sizeof *permit);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 0, permit, NULL, NULL));
        free(permit);
        printf("%d\n", (int)permit->word);
    } else if (strcmp(argv[1], "undefined") == 0) {
        int number = INT_MAX - 1 + argc;
        printf("%d\n", number + argc);
    } else if (strcmp(argv[1], "thread") == 0) {
        pthread_t threads[2];
        pthread_create(&threads[0], NULL, race, NULL);
        pthread_create(&threads[1], NULL, race, NULL);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
    } else if (strcmp(argv[1], "leak") == 0) {
        k1s0_cb_counter *counter = NULL;
        CHECK_IS(K1S0_CB_OK, k1s0_cb_counter_new(breaker, &counter));
    }
    k1s0_cb_free(breaker);
    return 0;
}
