// Making and freeing breakers, over and over, keeps the memory flat.

#include <string.h>
#include <unistd.h>

#include "check.h"
#include "k1s0_circuit_breaker.h"

static long resident_kb(void) {
    long pages = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm != NULL);
    CHECK_IS(2, fscanf(statm, "%ld %ld", &pages, &resident));
    fclose(statm);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void one(long i) {
    k1s0_cb *breaker = NULL, *copy = NULL;
    k1s0_cb_counter *counter = NULL;
    k1s0_cb_permit permit;
    if (i % 4 == 0) {
        char name[32];
        int length = snprintf(name, sizeof name, "breaker %ld", i);
        CHECK_IS(K1S0_CB_OK, k1s0_cb_shared(name, (uint64_t)length, NULL, &breaker, NULL));
    } else {
        CHECK_IS(K1S0_CB_OK, k1s0_cb_new(NULL, &breaker, NULL));
    }
    CHECK_IS(K1S0_CB_OK, k1s0_cb_try_acquire(breaker, 1, &permit, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_settle(breaker, &permit, i % 2 == 0 ? K1S0_CB_SUCCESS : K1S0_CB_FAILURE,
                                        1, NULL, NULL));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_clone(breaker, &copy));
    CHECK_IS(K1S0_CB_OK, k1s0_cb_counter_new(copy, &counter));
    k1s0_cb_free(breaker);
    k1s0_cb_free(copy);
    k1s0_cb_counter_free(counter);
}

int main(int argc, char **argv) {
    long times = argc > 1 ? atol(argv[1]) : 100000, i, before, after;
    for (i = 0; i < 1000; i++) {
        one(i);
    }
    before = resident_kb();
    for (i = 0; i < times; i++) {
        one(i);
    }
    after = resident_kb();
    printf("lifecycle: %ld made and freed, resident %ld kB before, %ld kB after\n", times, before,
           after);
    // A page here and there is the allocator's; a leak of 8 bytes each would be more.
    CHECK(argc > 2 || after - before < 256);
    return 0;
}
