// CHECK, for the C tests: says what is wrong and where, and ends the program.
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);     \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

#define CHECK_IS(expected, call)                                                \
    do {                                                                        \
        long long check_found = (long long)(call);                              \
        if (check_found != (long long)(expected)) {                             \
            fprintf(stderr, "%s:%d: %s is %lld, not %s\n", __FILE__, __LINE__,  \
                    #call, check_found, #expected);                             \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

#define MS 1000000ull
#define SECOND 1000000000ull

#endif
