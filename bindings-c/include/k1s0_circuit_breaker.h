/*
 * # k1s0-circuit-breaker: the C ABI
 *
 * A circuit breaker guards calls to another service. This library decides; it never calls back, reads no clock, starts no
 * thread and prints nothing. The rules are those of `conformance/SPEC.md`.
 *
 * ## Conventions
 *
 * 1. **Names.** Functions are `k1s0_cb_` and a verb, types `k1s0_cb_` and a noun, constants `K1S0_CB_…`. The first parameter is
 *    what the function works on; out-parameters come last.
 * 2. **Results.** Every function that can fail returns a `k1s0_cb_result`. `K1S0_CB_OK` is 0. 1 to 99 are ordinary answers:
 *    `K1S0_CB_REJECTED` (do not make the call) and `K1S0_CB_ALREADY_SETTLED`. From 100 on they are errors: the call did nothing.
 *    Numbers are never given a second meaning. Be ready for numbers that are not in your header: 100 and above are errors.
 * 3. **Out-parameters** are written only on `K1S0_CB_OK`, with these exceptions: `rejection` is written on `K1S0_CB_REJECTED` and
 *    only then; `transitions` on `K1S0_CB_REJECTED` too; `effect` and `transitions` on `K1S0_CB_ALREADY_SETTLED` too; `error` on
 *    `K1S0_CB_INVALID_CONFIG` and only then; `needed` and `count` on `K1S0_CB_BUFFER_TOO_SMALL` too.
 * 4. **NULL.** Every pointer is checked: `K1S0_CB_NULL_POINTER`. Only where a function says so may it be NULL: `rejection`,
 *    `transitions`, `effect` and `error`, when you do not want to know; `config`, for the defaults; what `…_free` is given; a buffer of
 *    no bytes.
 *    A pointer that is not NULL must be good: aligned, and to memory of the size of its type.
 * 5. **Handles** (`k1s0_cb`, `k1s0_cb_counter`) are opaque. `k1s0_cb` is counted: `k1s0_cb_new`, `k1s0_cb_shared` and `k1s0_cb_clone` give a
 *    reference each, `k1s0_cb_free` takes one back, and with the last the breaker is gone. A handle whose reference was freed is
 *    like memory after `free`: using it is undefined, and not detected.
 * 6. **Threads.** Every function may be called from any thread at any time, on the same handle too. What you hand in by pointer
 *    (a permit, a struct) belongs to one thread at a time. To free a handle while others use the breaker, give each thread a
 *    reference of its own. A thread ends by returning or by `pthread_exit`: one that ends by the bare system call leaves the memory of
 *    its counters behind.
 * 7. **Time.** `now_ns` is your monotonic clock in nanoseconds; only differences mean anything. Every call of one breaker takes
 *    readings of the same clock. A reading that goes backwards opens nothing, closes nothing, and at worst starts a wait afresh
 *    or forgets the calls that were in flight.
 * 8. **Numbers for enums** are fixed-width integers (`uint32_t`) and checked: `K1S0_CB_INVALID_ARGUMENT`. Flags are 0 or 1. In a
 *    config both are 64 bits wide, and refused like every other value: `K1S0_CB_INVALID_CONFIG`.
 *    Numbers that this library hands out may be newer than your header; treat unknown ones as "other".
 * 9. **Sized structs** (`k1s0_cb_config`, `k1s0_cb_metrics`) begin with `struct_size`; set it to `sizeof` your struct (for a config
 *    `k1s0_cb_config_init` does). They grow at the end: a smaller, older struct works, fields it does not have are default; a larger,
 *    newer one works if what this library does not know is zero, else `K1S0_CB_UNKNOWN_FIELD`. All other structs never change.
 * 10. **Strings in** are pointer and length, UTF-8, need not be terminated: `K1S0_CB_INVALID_UTF8`. **Strings out** are static and
 *     terminated, or copied into your buffer.
 * 11. **Errors are told where they happen.** There is no "last error" to be asked for, because green threads and async tasks change
 *     threads: a refused configuration is explained in the `k1s0_cb_config_error` of the very call.
 * 12. **Panics** never cross: a defect in this library is `K1S0_CB_PANIC`, reported on stderr; a function that returns no result
 *     returns 0 or `"panic"`. The breaker stays usable.
 * 13. **Fork.** A child may use every breaker of its parent, also while other threads of the parent use them. `fork` waits for operations in
 *     progress, and takes time in proportion to the breakers alive (about 0.1 µs each: 10 ms for 100,000). Parent and child do not share state afterwards. Do not use
 *     a breaker in a signal handler, nor in the child of `vfork`, `_Fork` or a bare `clone`: they run no fork handlers.
 * 14. **Versions.** A loader compares `k1s0_cb_abi_version()` with `K1S0_CB_ABI_VERSION` and refuses if they differ. Functions, constants and
 *     fields at the end of sized structs are added without a new ABI version.
 *
 * ## Transitions
 *
 * A change of state is told once, by the operation that made it, in its `transitions`. Tell your own listeners from there, when you
 * hold no lock of your own. Threads may come back in another order than their operations happened in: `epoch` has no gaps and says the order.
 *
 * ## Permits
 *
 * `k1s0_cb_try_acquire` gives a permit, `k1s0_cb_settle` ends it with an outcome, once. A permit is a plain value; settle the very one you
 * were given, not a copy: a copy is settled twice and not always detected. A permit that is never settled takes its probe's
 * slot until `probe_timeout`; a call that you give up is `K1S0_CB_CANCELLED`.
 *
 * A breaker with `shadow` gives a permit to a call that it would have rejected, too. Settle it or do not: the effect is
 * `K1S0_CB_EFFECT_SHADOWED`, and nothing changes.
 *
 * ## The admission word
 *
 * A host for which a call into this library is dear (C#, Dart, Go) may leave most of them out. Each breaker has one 64-bit word
 * (`k1s0_cb_admission_word`) in memory of its own, written by this library alone:
 *
 * | bits | meaning |
 * | --- | --- |
 * | 0 | *call in*; 0 means: closed, no failure pending, nothing to decide, no time to take |
 * | 1 to 31 | the low 31 bits of the epoch |
 * | 32 to 63 | private |
 *
 * 1. Load the word, atomically, *acquire*. If bit 0 is 1, call `k1s0_cb_acquire_word`, which gives a word or rejects.
 *    If it is 0, you are admitted, and what you loaded is your word.
 * 2. Make the guarded call.
 * 3. If it succeeded, bit 0 of your word is 0, and a second acquire load finds the very same word: add 1 to your counter
 *    (`k1s0_cb_counter_address`). That is all.
 * 4. In every other case call `k1s0_cb_settle_word` with your word, and the `now_ns` that you asked for it with, or 0 if you did not
 *    ask. Never both, and once per word that you were given.
 *
 * Where `slow_call_duration_ns` is set, or a window of time, bit 0 is always 1 while closed, but for `k1s0_cb_force_closed`.
 *
 * The counter has one writer at a time, so adding is an atomic *relaxed* load, an addition and a *relaxed* store; it needs no locked
 * instruction. Make one `k1s0_cb_counter` for each thread. The totals include it, and keep what it counted after `k1s0_cb_counter_free`.
 *
 * A host whose loads are 32 bits wide may load the low half alone (the first four bytes on a little-endian machine) and settle it with
 * `k1s0_cb_settle_low_word`. A call during which there are 2^31 transitions, or a multiple, is taken for one of the current epoch.
 */

#ifndef K1S0_CIRCUIT_BREAKER_H
#define K1S0_CIRCUIT_BREAKER_H

/* Generated by `cargo xtask generate`; do not edit. */

#include <stdint.h>

// The version of the ABI that this header describes. It grows with an incompatible change only.
#define K1S0_CB_ABI_VERSION 2

// A wait that never ends.
#define K1S0_CB_NEVER 18446744073709551615ull

// Not configured: for fields that say so. It is no threshold, no rate, and not `K1S0_CB_NEVER`.
#define K1S0_CB_OFF 18446744073709551600ull

// The window is of the last `window_calls` calls.
#define K1S0_CB_WINDOW_CALLS 0

// The window is of the calls of the last `window_time_ns`.
#define K1S0_CB_WINDOW_TIME 1

// The longest name, in bytes.
#define K1S0_CB_MAX_NAME 1024

// How many transitions a breaker remembers.
#define K1S0_CB_RECENT_TRANSITIONS 32

// A circuit breaker.
typedef struct k1s0_cb k1s0_cb;

// A counter of successes with one writer at a time; see "The admission word".
typedef struct k1s0_cb_counter k1s0_cb_counter;

// What a function answers. 0 is OK, 1 to 99 are ordinary answers, from 100 on they are errors.
typedef int32_t k1s0_cb_result;

// A state.
typedef uint32_t k1s0_cb_state;

// How a call ended.
typedef uint32_t k1s0_cb_outcome;

// What a settlement did.
typedef uint32_t k1s0_cb_effect;

// Why the state changed.
typedef uint32_t k1s0_cb_reason;

// Why a call was rejected.
typedef uint32_t k1s0_cb_reject_reason;

// What ended a call that has no status.
typedef uint32_t k1s0_cb_transport_error;

// What a breaker is to do. Fill it with `k1s0_cb_config_init`, then change what you like. Fractions are in
// parts in a million: 500000 is one half.
typedef struct k1s0_cb_config {
    // `sizeof(k1s0_cb_config)`.
    uint64_t struct_size;
    // Failures in a row that open the circuit: 1 to 4294967295, 5 by default. `K1S0_CB_OFF` where a rate is
    // to open it instead.
    uint64_t failure_threshold;
    // Successful probes that close it again: 1 to 4294967295, 3 by default.
    uint64_t success_threshold;
    // How long an open circuit rejects calls; 30 s by default. 0 makes the next call a probe.
    uint64_t timeout_ns;
    // How many probes may be unsettled at once: 1 to 65535, 1 by default.
    uint64_t half_open_max_calls;
    // When a full set of unsettled probes is given up: 1 ms or more, 60 s by default.
    uint64_t probe_timeout_ns;
    // How large a part of the window's calls must fail to open the circuit: 1 to 1000000, `K1S0_CB_OFF` by
    // default.
    uint64_t failure_rate_ppm;
    // Fewer calls in the window than this decide nothing: 1 to 4294967295, 20 by default; with a failure rate
    // no more than a window of calls can hold.
    uint64_t minimum_calls;
    // Which calls the rates are about: `K1S0_CB_WINDOW_CALLS` by default, or `K1S0_CB_WINDOW_TIME`.
    uint64_t window_kind;
    // In a window of calls, how many: 1 to 65536, 100 by default.
    uint64_t window_calls;
    // Of a window of time, its length: 10 ms to 24 h. It has no default.
    uint64_t window_time_ns;
    // Of a window of time, in how many equal stretches it is cut, the oldest of which is forgotten at a time:
    // 10 to 100, 10 by default.
    uint64_t window_buckets;
    // Calls that take so long or longer are slow: 1 ns or more, `K1S0_CB_OFF` by default.
    uint64_t slow_call_duration_ns;
    // How large a part of the window's calls must be slow to open the circuit: 1 to 1000000, 800000 by default.
    uint64_t slow_call_rate_ppm;
    // As `minimum_calls`, for slow calls; 20 by default.
    uint64_t slow_minimum_calls;
    // 1 if calls are to count as slow while they are still in flight; 0 by default. See `k1s0_cb_tick`.
    uint64_t count_hung_calls;
    // Each wait by the one before it: 1000000 to 100000000, 1000000 by default.
    uint64_t backoff_multiplier_ppm;
    // The longest wait, `timeout_ns` or more. `K1S0_CB_OFF`, the default: 10 minutes, or `timeout_ns` where that
    // is longer.
    uint64_t max_timeout_ns;
    // How large a part of itself a wait may be off, to either side: 0 to 1000000, 0 by default.
    uint64_t jitter_ppm;
    // Where the random numbers for the jitter begin, if `has_jitter_seed` is 1.
    uint64_t jitter_seed;
    // 0 by default: the breaker draws a seed of its own.
    uint64_t has_jitter_seed;
    // 1 to decide and tell, but reject nothing; 0 by default.
    uint64_t shadow;
} k1s0_cb_config;

// Why a configuration was refused. All strings are UTF-8, terminated, and cut where they do not fit.
typedef struct k1s0_cb_config_error {
    // The field, without its unit: "timeout" for `timeout_ns`.
    char field[32];
    // The value that it had.
    char value[64];
    // The values that it may have.
    char range[64];
    // All of it as a sentence.
    char message[192];
} k1s0_cb_config_error;

// Leave to make one call; to be settled once. All zero is no permit.
typedef struct k1s0_cb_permit {
    // The low half of the admission word. Private.
    uint32_t word;
    // Whether it is settled. Private.
    uint32_t mark;
    // Whose it is. Private.
    uint64_t breaker;
    // The `now_ns` of its admission. Private.
    uint64_t began_ns;
} k1s0_cb_permit;

// Why a call was not admitted, and when to come back.
typedef struct k1s0_cb_rejection {
    // What is left of the wait, if anybody can say; otherwise 0.
    uint64_t retry_after_ns;
    // 1 if somebody can: not while probes are out, nor in a forced mode, nor when a wait never ends.
    uint32_t has_retry_after;
    // Why.
    k1s0_cb_reject_reason reason;
} k1s0_cb_rejection;

// One change of state.
typedef struct k1s0_cb_transition {
    // The epoch that began: one more than that of the transition before.
    uint64_t epoch;
    // When, by the reading that was handed in.
    uint64_t at_ns;
    // The state before.
    k1s0_cb_state from;
    // The state after. It equals `from` where only the epoch changed: a reset of a closed breaker.
    k1s0_cb_state to;
    // Why.
    k1s0_cb_reason reason;
    // 0.
    uint32_t reserved;
} k1s0_cb_transition;

// The changes of state that one operation made, in order.
typedef struct k1s0_cb_transitions {
    // How many there are: 0, 1 or 2.
    uint32_t count;
    // 0.
    uint32_t reserved;
    // The first `count` are written.
    struct k1s0_cb_transition items[2];
} k1s0_cb_transitions;

// State and totals of one breaker at one moment. Set `struct_size`, then call
// `k1s0_cb_get_metrics`.
typedef struct k1s0_cb_metrics {
    // `sizeof(k1s0_cb_metrics)`.
    uint64_t struct_size;
    // Calls that succeeded. This and every total below only ever grows.
    uint64_t success;
    // Calls that failed.
    uint64_t failure;
    // Calls whose result says nothing about the service.
    uint64_t ignored;
    // Calls that their caller gave up.
    uint64_t cancelled;
    // Calls that were not admitted, for whatever reason.
    uint64_t rejected;
    // Calls that were not admitted because the wait was not over.
    uint64_t rejected_open;
    // Calls that were not admitted because every probe's slot was taken.
    uint64_t rejected_half_open;
    // Calls that were not admitted because of `k1s0_cb_force_open`.
    uint64_t rejected_forced_open;
    // Results that came too late to count.
    uint64_t stale;
    // Changes of state and resets.
    uint64_t transitions;
    // Of these, those from one state (first index) to another (second index).
    uint64_t transitions_between[3][3];
    // The epoch: 1 at first, one more after each transition.
    uint64_t epoch;
    // What is left of the wait while open; 0 once it is over.
    uint64_t remaining_wait_ns;
    // success / (success + failure).
    double success_rate;
    // 1 if `remaining_wait_ns` says something: while open, not forced, and not for ever.
    uint32_t has_remaining_wait;
    // 1 if `success_rate` says something: after the first success or failure.
    uint32_t has_success_rate;
    // The state.
    k1s0_cb_state state;
    // 1 while `k1s0_cb_force_open` or `k1s0_cb_force_closed` is on.
    uint32_t forced;
    // Failures in a row; 0 unless closed.
    uint32_t consecutive_failures;
    // Probes that are not settled yet.
    uint32_t probes_in_flight;
    // Calls that took as long as `slow_call_duration_ns`, or longer, or were found to hang.
    uint64_t slow;
    // Calls that would not have been admitted but for `shadow`, for whatever reason; `rejected` is then 0.
    uint64_t would_reject;
    // Calls that would not have been admitted because the wait was not over.
    uint64_t would_reject_open;
    // Calls that would not have been admitted because every probe's slot was taken.
    uint64_t would_reject_half_open;
    // Calls that would not have been admitted because of `k1s0_cb_force_open`.
    uint64_t would_reject_forced_open;
    // Calls in the window; this and the next two are 0 unless closed, and may shrink.
    uint64_t window_calls;
    // Those of them that failed.
    uint64_t window_failures;
    // Those of them that were slow.
    uint64_t window_slow;
} k1s0_cb_metrics;

// Done.
#define K1S0_CB_OK 0

// The call is not admitted: do not make it. Nothing is wrong.
#define K1S0_CB_REJECTED 1

// The permit was settled before; nothing was done.
#define K1S0_CB_ALREADY_SETTLED 2

// A pointer is NULL that must not be.
#define K1S0_CB_NULL_POINTER 100

// A number is not one of those it may be, or a length is out of range.
#define K1S0_CB_INVALID_ARGUMENT 101

// A `struct_size` is not a multiple of 8 from 16 to 4096.
#define K1S0_CB_INVALID_SIZE 102

// A struct says something in a field that this version of the library does not have.
#define K1S0_CB_UNKNOWN_FIELD 103

// A configured value is out of range; the `k1s0_cb_config_error` says which.
#define K1S0_CB_INVALID_CONFIG 104

// No breaker gave this permit.
#define K1S0_CB_INVALID_PERMIT 105

// Another breaker gave this permit.
#define K1S0_CB_WRONG_BREAKER 106

// A string does not fit into the buffer.
#define K1S0_CB_BUFFER_TOO_SMALL 107

// A string is not UTF-8.
#define K1S0_CB_INVALID_UTF8 108

// There is a breaker of this name already, with another configuration.
#define K1S0_CB_CONFIG_MISMATCH 109

// The system has no room for what the library needs.
#define K1S0_CB_OUT_OF_RESOURCES 110

// A defect in this library.
#define K1S0_CB_PANIC 111

// Calls go through.
#define K1S0_CB_CLOSED 0

// Calls are rejected until the wait is over.
#define K1S0_CB_OPEN 1

// A few calls go through as probes; their results decide.
#define K1S0_CB_HALF_OPEN 2

// As many failures in a row as `failure_threshold`.
#define K1S0_CB_REASON_FAILURE_THRESHOLD 0

// The wait was over when a call came.
#define K1S0_CB_REASON_TIMEOUT_ELAPSED 1

// As many successful probes as `success_threshold`.
#define K1S0_CB_REASON_SUCCESS_THRESHOLD 2

// A probe failed.
#define K1S0_CB_REASON_PROBE_FAILED 3

// Every probe was unsettled for too long.
#define K1S0_CB_REASON_PROBE_TIMEOUT 4

// As large a part of the window's calls failed as `failure_rate_ppm`.
#define K1S0_CB_REASON_FAILURE_RATE 5

// As large a part of the window's calls was slow as `slow_call_rate_ppm`.
#define K1S0_CB_REASON_SLOW_CALL_RATE 6

// `k1s0_cb_reset`.
#define K1S0_CB_REASON_RESET 7

// `k1s0_cb_trip`.
#define K1S0_CB_REASON_TRIP 8

// `k1s0_cb_force_open` or `k1s0_cb_force_closed`.
#define K1S0_CB_REASON_FORCED 9

// `k1s0_cb_automatic`.
#define K1S0_CB_REASON_AUTOMATIC 10

// None that this library has a number for.
#define K1S0_CB_REASON_OTHER 4294967295

// The service is able to do its work.
#define K1S0_CB_SUCCESS 0

// It is not.
#define K1S0_CB_FAILURE 1

// The result says nothing about the service.
#define K1S0_CB_IGNORED 2

// The caller gave up.
#define K1S0_CB_CANCELLED 3

// The outcome counted.
#define K1S0_CB_EFFECT_APPLIED 0

// The state has changed since the permit was given; only the stale total grew.
#define K1S0_CB_EFFECT_STALE 1

// The permit had been settled before.
#define K1S0_CB_EFFECT_ALREADY_SETTLED 2

// The call would have been rejected but for `shadow`; the outcome counts nowhere.
#define K1S0_CB_EFFECT_SHADOWED 3

// The wait is not over.
#define K1S0_CB_REJECT_OPEN 0

// Every probe's slot is taken.
#define K1S0_CB_REJECT_HALF_OPEN 1

// Forced open.
#define K1S0_CB_REJECT_FORCED_OPEN 2

// None that this library has a number for.
#define K1S0_CB_REJECT_OTHER 4294967295

// The connection was refused, or the host not found or not reached.
#define K1S0_CB_TRANSPORT_CONNECT 0

// The TLS handshake failed.
#define K1S0_CB_TRANSPORT_TLS 1

// The connection broke during the call.
#define K1S0_CB_TRANSPORT_RESET 2

// A deadline passed.
#define K1S0_CB_TRANSPORT_TIMEOUT 3

// The caller gave up.
#define K1S0_CB_TRANSPORT_CANCELLED 4

// The request never left: a malformed address, a violated protocol, on our side.
#define K1S0_CB_TRANSPORT_INVALID_REQUEST 5

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the ABI that the library has. Refuse to go on if it is not
// `K1S0_CB_ABI_VERSION`. 0 means a panic.
uint32_t k1s0_cb_abi_version(void);

// The version of the library, "1.2.3".
const char *k1s0_cb_version(void);

// The name of a result, "rejected" for `K1S0_CB_REJECTED`.
const char *k1s0_cb_result_name(k1s0_cb_result result);

// The name of a state as a label of a metric: "closed", "open", "half_open".
const char *k1s0_cb_state_name(k1s0_cb_state state);

// The name of an outcome: "success", "failure", "ignored", "cancelled".
const char *k1s0_cb_outcome_name(k1s0_cb_outcome outcome);

// The name of what a settlement did: "applied", "stale", "already_settled", "shadowed".
const char *k1s0_cb_effect_name(k1s0_cb_effect effect);

// The name of a transition's reason: "failure_threshold" and so on.
const char *k1s0_cb_reason_name(k1s0_cb_reason reason);

// The name of a rejection's reason: "open", "half_open", "forced_open".
const char *k1s0_cb_reject_reason_name(k1s0_cb_reject_reason reason);

// The name of a transport error: "connect", "tls", "reset", "timeout", "cancelled",
// "invalid_request".
const char *k1s0_cb_transport_error_name(k1s0_cb_transport_error error);

// Fills a config with the defaults and sets its `struct_size`. `size` is `sizeof` your struct.
//
// `K1S0_CB_NULL_POINTER`; `K1S0_CB_INVALID_SIZE`.
k1s0_cb_result k1s0_cb_config_init(struct k1s0_cb_config *config, uint64_t size);

// Makes a closed breaker. `config` may be NULL: the defaults. `error` may be NULL.
//
// `K1S0_CB_INVALID_CONFIG`; `K1S0_CB_INVALID_SIZE`, `K1S0_CB_UNKNOWN_FIELD` for a bad struct;
// `K1S0_CB_NULL_POINTER`; `K1S0_CB_OUT_OF_RESOURCES`.
k1s0_cb_result k1s0_cb_new(const struct k1s0_cb_config *config,
                           struct k1s0_cb **breaker,
                           struct k1s0_cb_config_error *error);

// As `k1s0_cb_new`, of a breaker with a name, which explanations have and `k1s0_cb_get_name` says: `length` bytes of UTF-8,
// 1 to `K1S0_CB_MAX_NAME`. It is nobody else's breaker, whoever has the same name; see `k1s0_cb_shared`.
//
// Also `K1S0_CB_INVALID_ARGUMENT` for the length; `K1S0_CB_INVALID_UTF8`.
k1s0_cb_result k1s0_cb_new_named(const char *name,
                                 uint64_t length,
                                 const struct k1s0_cb_config *config,
                                 struct k1s0_cb **breaker,
                                 struct k1s0_cb_config_error *error);

// Gives one more reference to the same breaker; each is freed by itself.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_clone(const struct k1s0_cb *breaker, struct k1s0_cb **copy);

// Takes a reference back. With the last one the breaker is gone. NULL is nothing.
void k1s0_cb_free(struct k1s0_cb *breaker);

// Copies the name that the breaker was given when it was made into your buffer, terminated; "" if
// it has none. `needed` is how many bytes the buffer must have, the end included.
//
// `K1S0_CB_BUFFER_TOO_SMALL`, with `needed` written and the buffer left alone (which may then be
// NULL); `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_get_name(const struct k1s0_cb *breaker,
                                char *buffer,
                                uint64_t size,
                                uint64_t *needed);

// Gives a reference to the breaker of this name. The first to ask makes it; with the last
// reference it is gone, and the next to ask makes a new one. `name` is `length` bytes of UTF-8, 1 to
// `K1S0_CB_MAX_NAME`.
//
// `config` may be NULL: the defaults for a new breaker, and whatever it has for one that is there.
// Otherwise what it says must be what the breaker has: `K1S0_CB_CONFIG_MISMATCH`. `error` may be NULL.
//
// Also `K1S0_CB_INVALID_ARGUMENT` for the length; `K1S0_CB_INVALID_UTF8`; and as `k1s0_cb_new`.
k1s0_cb_result k1s0_cb_shared(const char *name,
                              uint64_t length,
                              const struct k1s0_cb_config *config,
                              struct k1s0_cb **breaker,
                              struct k1s0_cb_config_error *error);

// May this call be made? `K1S0_CB_OK`: make it, then settle `permit`. `K1S0_CB_REJECTED`: do not make
// it; `rejection` says why. `rejection` and `transitions` may be NULL. A breaker with `shadow` rejects nothing.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_try_acquire(const struct k1s0_cb *breaker,
                                   uint64_t now_ns,
                                   struct k1s0_cb_permit *permit,
                                   struct k1s0_cb_rejection *rejection,
                                   struct k1s0_cb_transitions *transitions);

// Settles a permit, and marks it as settled. `effect` says whether the outcome counted; it and
// `transitions` may be NULL.
//
// `K1S0_CB_ALREADY_SETTLED` for a permit that was settled before; `K1S0_CB_INVALID_PERMIT` for one that no
// breaker gave; `K1S0_CB_WRONG_BREAKER` for one that another breaker gave; `K1S0_CB_INVALID_ARGUMENT` for the
// outcome; `K1S0_CB_NULL_POINTER`. Of these only the first leaves nothing to settle.
k1s0_cb_result k1s0_cb_settle(const struct k1s0_cb *breaker,
                              struct k1s0_cb_permit *permit,
                              k1s0_cb_outcome outcome,
                              uint64_t now_ns,
                              k1s0_cb_effect *effect,
                              struct k1s0_cb_transitions *transitions);

// As `k1s0_cb_settle`, with the time for which the server asks not to be called, its `Retry-After`: if this
// failure opens the circuit, the wait is at least that long, at most `max_timeout_ns`. `K1S0_CB_NEVER` is for
// ever. With any other outcome, or where nothing opens, it means nothing.
k1s0_cb_result k1s0_cb_settle_retry_after(const struct k1s0_cb *breaker,
                                          struct k1s0_cb_permit *permit,
                                          k1s0_cb_outcome outcome,
                                          uint64_t retry_after_ns,
                                          uint64_t now_ns,
                                          k1s0_cb_effect *effect,
                                          struct k1s0_cb_transitions *transitions);

// Records a success that no permit was taken for. It may close a half-open breaker.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_record_success(const struct k1s0_cb *breaker,
                                      uint64_t now_ns,
                                      struct k1s0_cb_transitions *transitions);

// Records a failure that no permit was taken for. It may open the breaker.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_record_failure(const struct k1s0_cb *breaker,
                                      uint64_t now_ns,
                                      struct k1s0_cb_transitions *transitions);

// Looks for calls in flight that hang, as each admission does, where `count_hung_calls` is 1; it may open the
// breaker. Call it now and then, about every `slow_call_duration_ns`, where calls may be so few that nobody
// else looks. `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_tick(const struct k1s0_cb *breaker,
                            uint64_t now_ns,
                            struct k1s0_cb_transitions *transitions);

// Closes the breaker, ends a forced mode and zeroes all counts but the totals; always a transition.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_reset(const struct k1s0_cb *breaker,
                             uint64_t now_ns,
                             struct k1s0_cb_transitions *transitions);

// Opens the breaker as failures would; in a forced mode it changes nothing.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_trip(const struct k1s0_cb *breaker,
                            uint64_t now_ns,
                            struct k1s0_cb_transitions *transitions);

// Rejects every call until `k1s0_cb_automatic` or `k1s0_cb_reset`.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_force_open(const struct k1s0_cb *breaker,
                                  uint64_t now_ns,
                                  struct k1s0_cb_transitions *transitions);

// Admits every call, whatever its results, until `k1s0_cb_automatic` or `k1s0_cb_reset`.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_force_closed(const struct k1s0_cb *breaker,
                                    uint64_t now_ns,
                                    struct k1s0_cb_transitions *transitions);

// Ends a forced mode; the state underneath comes back.
// `transitions` may be NULL.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_automatic(const struct k1s0_cb *breaker,
                                 uint64_t now_ns,
                                 struct k1s0_cb_transitions *transitions);

// The state at `now_ns`; `K1S0_CB_HALF_OPEN` as soon as the wait is over. Changes nothing.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_get_state(const struct k1s0_cb *breaker,
                                 uint64_t now_ns,
                                 k1s0_cb_state *state);

// State and totals at `now_ns`. Changes nothing. Set `metrics->struct_size` before.
//
// `K1S0_CB_INVALID_SIZE`; `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_get_metrics(const struct k1s0_cb *breaker,
                                   uint64_t now_ns,
                                   struct k1s0_cb_metrics *metrics);

// Copies the last transitions into your array of `capacity` items, the oldest first: at most
// `K1S0_CB_RECENT_TRANSITIONS`, which is always room enough. `count` is how many there are. `items` may be NULL
// where `capacity` is 0, to ask for the count.
//
// `K1S0_CB_BUFFER_TOO_SMALL`, with `count` written and the array left alone; `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_recent_transitions(const struct k1s0_cb *breaker,
                                          struct k1s0_cb_transition *items,
                                          uint64_t capacity,
                                          uint64_t *count);

// Copies into your buffer, as JSON and terminated, why the breaker is as it is at `now_ns`, why a call would be
// rejected, and what would change that: state, rules, the window's content, what is left of the wait, and the last
// transitions with the counts that caused them. Changes nothing. `needed` is how many bytes the buffer must have,
// the end included; it may be more the next time, so ask until the buffer is large enough.
//
// Names are never changed or taken away, values that a host does not know may come. Times are whole nanoseconds, as
// `…_ns`; numbers beyond 2^53 are exact as they are written.
//
// `K1S0_CB_BUFFER_TOO_SMALL`, with `needed` written and the buffer left alone (which may then be
// NULL); `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_explain_json(const struct k1s0_cb *breaker,
                                    uint64_t now_ns,
                                    char *buffer,
                                    uint64_t size,
                                    uint64_t *needed);

// As `k1s0_cb_explain_json`, as a few lines for a person. They are not for programs: any release may put them
// differently.
//
// `K1S0_CB_BUFFER_TOO_SMALL`, with `needed` written and the buffer left alone (which may then be
// NULL); `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_explain_text(const struct k1s0_cb *breaker,
                                    uint64_t now_ns,
                                    char *buffer,
                                    uint64_t size,
                                    uint64_t *needed);

// Where the breaker's admission word is. Read it atomically, never write it; it is good while you hold
// a reference to the breaker.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_admission_word(const struct k1s0_cb *breaker,
                                      const uint64_t **word);

// As `k1s0_cb_try_acquire`, giving a word. Settle it once, with this `now_ns` as its `began_ns`.
k1s0_cb_result k1s0_cb_acquire_word(const struct k1s0_cb *breaker,
                                    uint64_t now_ns,
                                    uint64_t *word,
                                    struct k1s0_cb_rejection *rejection,
                                    struct k1s0_cb_transitions *transitions);

// Settles a word that was read from the admission word with bit 0 clear, or given by
// `k1s0_cb_acquire_word`. `began_ns` is the `now_ns` that the word was asked for with, or 0 if it was read in
// place: it says how long the call took. `effect` and `transitions` may be NULL.
//
// A word is a bare number, so the library can often but not always tell that it was settled before
// (`K1S0_CB_ALREADY_SETTLED`), and never that it is another breaker's: settle each once, at its own breaker.
// `K1S0_CB_INVALID_PERMIT` for 0; `K1S0_CB_INVALID_ARGUMENT` for the outcome; `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_settle_word(const struct k1s0_cb *breaker,
                                   uint64_t word,
                                   uint64_t began_ns,
                                   k1s0_cb_outcome outcome,
                                   uint64_t now_ns,
                                   k1s0_cb_effect *effect,
                                   struct k1s0_cb_transitions *transitions);

// As `k1s0_cb_settle_word`, with the low 32 bits of the word.
k1s0_cb_result k1s0_cb_settle_low_word(const struct k1s0_cb *breaker,
                                       uint32_t low_word,
                                       uint64_t began_ns,
                                       k1s0_cb_outcome outcome,
                                       uint64_t now_ns,
                                       k1s0_cb_effect *effect,
                                       struct k1s0_cb_transitions *transitions);

// As `k1s0_cb_settle_word`, with a server's `Retry-After`; see `k1s0_cb_settle_retry_after`. `word` may be the
// low 32 bits alone.
k1s0_cb_result k1s0_cb_settle_word_retry_after(const struct k1s0_cb *breaker,
                                               uint64_t word,
                                               uint64_t began_ns,
                                               k1s0_cb_outcome outcome,
                                               uint64_t retry_after_ns,
                                               uint64_t now_ns,
                                               k1s0_cb_effect *effect,
                                               struct k1s0_cb_transitions *transitions);

// Makes a counter for one thread of the host. It may outlive its breaker; then nobody reads it.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_counter_new(const struct k1s0_cb *breaker, struct k1s0_cb_counter **counter);

// Where the counter is: add 1 to it for each success that you settle yourself. It need not be 0 at
// first. It is good until `k1s0_cb_counter_free`.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_counter_address(const struct k1s0_cb_counter *counter, uint64_t **address);

// Frees a counter. What it has counted stays in the totals. NULL is nothing.
void k1s0_cb_counter_free(struct k1s0_cb_counter *counter);

// The outcome that an HTTP status means: 5xx but for 501 and 505, 408, 429 and what is no status are
// failures, 425 is ignored, everything else is a success.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_classify_http_status(int32_t status,
                                            k1s0_cb_outcome *outcome);

// The outcome that a gRPC status code means, if it came from the server or the client library made it of a
// deadline or a broken connection.
//
// `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_classify_grpc_status(int32_t code,
                                            k1s0_cb_outcome *outcome);

// The outcome that a transport error means: failures, but for the caller's own doing.
//
// `K1S0_CB_INVALID_ARGUMENT`; `K1S0_CB_NULL_POINTER`.
k1s0_cb_result k1s0_cb_classify_transport_error(k1s0_cb_transport_error error,
                                                k1s0_cb_outcome *outcome);

// For how long an HTTP response asks not to be called, for `k1s0_cb_settle_retry_after`: its `Retry-After`, where its status is
// 429 or 503. A date is taken against the response's own `Date`. `wait_ns` is `K1S0_CB_OFF` where it asks for nothing, or for
// what cannot be read.
//
// Both headers are as they came, `length` bytes each; NULL where there is none.
//
// `K1S0_CB_NULL_POINTER` for `wait_ns`.
k1s0_cb_result k1s0_cb_http_retry_after(int32_t status,
                                        const char *retry_after_header,
                                        uint64_t retry_after_length,
                                        const char *date_header,
                                        uint64_t date_length,
                                        uint64_t *wait_ns);

// The same of a gRPC response: its `grpc-retry-pushback-ms`.
//
// `K1S0_CB_NULL_POINTER` for `wait_ns`.
k1s0_cb_result k1s0_cb_grpc_retry_pushback(const char *pushback_header,
                                           uint64_t length,
                                           uint64_t *wait_ns);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* K1S0_CIRCUIT_BREAKER_H */
