// An HTTP client on plain sockets, guarded by a circuit breaker, against a server that falls ill and
// gets well again. The server is a thread of this program.
//
//   cc quickstart.c $(pkg-config --cflags --libs k1s0_circuit_breaker) -lpthread -o quickstart

#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "k1s0_circuit_breaker.h"

// ---- a server that can be made ill

static atomic_int ill, requests;
static int listener;

static void *serve(void *unused) {
    for (;;) {
        char request[1024];
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) {
            return unused;
        }
        if (read(connection, request, sizeof request) > 0) {
            const char *answer = atomic_load(&ill) ? "HTTP/1.1 503 Service Unavailable\r\n\r\n"
                                                   : "HTTP/1.1 200 OK\r\n\r\n";
            atomic_fetch_add(&requests, 1);
            if (write(connection, answer, strlen(answer)) < 0) {
                perror("write");
            }
        }
        close(connection);
    }
}

static struct sockaddr_in begin_to_serve(pthread_t *thread) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(thread, NULL, serve, NULL) != 0) {
        perror("server");
        exit(2);
    }
    return address;
}

// ---- the client, without a breaker: an HTTP status, or -1 and a transport error

static int fetch(const struct sockaddr_in *address, k1s0_cb_transport_error *error) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[256] = "";
    int status = -1;
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    *error = K1S0_CB_TRANSPORT_CONNECT;
    if (connection >= 0 &&
        connect(connection, (const struct sockaddr *)address, sizeof *address) == 0) {
        *error = K1S0_CB_TRANSPORT_RESET;
        if (write(connection, request, sizeof request - 1) > 0 &&
            read(connection, answer, sizeof answer - 1) > 0) {
            sscanf(answer, "HTTP/1.1 %d", &status);
        }
    }
    close(connection);
    return status;
}

// ---- the client, with a breaker

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void tell(const k1s0_cb_transitions *transitions) {
    uint32_t i;
    for (i = 0; i < transitions->count; i++) {
        const k1s0_cb_transition *it = &transitions->items[i];
        printf("  %s -> %s (%s)\n", k1s0_cb_state_name(it->from), k1s0_cb_state_name(it->to),
               k1s0_cb_reason_name(it->reason));
    }
}

static void must(k1s0_cb_result result) {
    if (result != K1S0_CB_OK) {
        fprintf(stderr, "circuit breaker: %s\n", k1s0_cb_result_name(result));
        exit(2);
    }
}

// An HTTP status, -1 if the call failed, -2 if it was not made; then `wait_ns` says when to come back.
static int guarded_fetch(k1s0_cb *breaker, const struct sockaddr_in *address, uint64_t *wait_ns) {
    k1s0_cb_permit permit;
    k1s0_cb_rejection rejection;
    k1s0_cb_transitions transitions;
    k1s0_cb_transport_error error;
    k1s0_cb_outcome outcome;
    int status;
    k1s0_cb_result result =
        k1s0_cb_try_acquire(breaker, now_ns(), &permit, &rejection, &transitions);
    if (result == K1S0_CB_REJECTED) {
        tell(&transitions);
        *wait_ns = rejection.retry_after_ns;
        return -2;
    }
    must(result);
    tell(&transitions);
    status = fetch(address, &error);
    must(status < 0 ? k1s0_cb_classify_transport_error(error, &outcome)
                    : k1s0_cb_classify_http_status(status, &outcome));
    must(k1s0_cb_settle(breaker, &permit, outcome, now_ns(), NULL, &transitions));
    printf("GET / %d: %s\n", status, k1s0_cb_outcome_name(outcome));
    tell(&transitions);
    return status;
}

static void expect(const char *what, long long expected, long long found) {
    if (expected != found) {
        fprintf(stderr, "%s: %lld expected, %lld found\n", what, expected, found);
        exit(1);
    }
}

int main(void) {
    k1s0_cb *breaker = NULL;
    k1s0_cb_config config;
    k1s0_cb_config_error error;
    k1s0_cb_metrics metrics;
    uint64_t wait_ns = 0;
    pthread_t server;
    struct sockaddr_in address = begin_to_serve(&server);
    struct timespec pause = {0, 0};
    int i;

    if (k1s0_cb_abi_version() != K1S0_CB_ABI_VERSION) {
        fprintf(stderr, "the library is of another ABI than the header\n");
        return 2;
    }
    must(k1s0_cb_config_init(&config, sizeof config));
    config.failure_threshold = 3;
    config.success_threshold = 1;
    config.timeout_ns = 100000000; // 100 ms
    if (k1s0_cb_new(&config, &breaker, &error) != K1S0_CB_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }

    puts("the server is well");
    expect("status", 200, guarded_fetch(breaker, &address, &wait_ns));

    puts("the server is ill");
    atomic_store(&ill, 1);
    for (i = 0; i < 3; i++) {
        expect("status", 503, guarded_fetch(breaker, &address, &wait_ns));
    }
    for (i = 0; i < 5; i++) {
        expect("not made", -2, guarded_fetch(breaker, &address, &wait_ns));
    }
    printf("5 calls not made; come back in %d ms\n", (int)(wait_ns / 1000000));
    expect("requests that the server has seen", 4, atomic_load(&requests));

    puts("the server is well again");
    atomic_store(&ill, 0);
    pause.tv_nsec = (long)wait_ns;
    nanosleep(&pause, NULL);
    expect("status", 200, guarded_fetch(breaker, &address, &wait_ns));

    metrics.struct_size = sizeof metrics;
    must(k1s0_cb_get_metrics(breaker, now_ns(), &metrics));
    printf("success %d, failure %d, rejected %d, success rate %.0f %%\n", (int)metrics.success,
           (int)metrics.failure, (int)metrics.rejected, 100 * metrics.success_rate);
    expect("state", K1S0_CB_CLOSED, metrics.state);
    expect("successes", 2, (long long)metrics.success);
    expect("failures", 3, (long long)metrics.failure);
    expect("rejections", 5, (long long)metrics.rejected);
    expect("transitions", 3, (long long)metrics.transitions);

    k1s0_cb_free(breaker);
    shutdown(listener, SHUT_RDWR);
    close(listener);
    pthread_join(server, NULL);
    return 0;
}
