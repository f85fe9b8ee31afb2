// k1s0-circuit-breaker for C++17: a thin face on k1s0_circuit_breaker.h, which documents the rules.
//
//   k1s0::circuit_breaker breaker;
//   std::string body = breaker.call([&] { return client.get("/"); });
//
// An exception out of the call is a failure and goes on, unchanged. A call that is not admitted
// throws k1s0::circuit_open_error.

#ifndef K1S0_CIRCUIT_BREAKER_HPP
#define K1S0_CIRCUIT_BREAKER_HPP

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../k1s0_circuit_breaker.h"

namespace k1s0 {

using nanoseconds = std::chrono::nanoseconds;

enum class state : k1s0_cb_state {
    closed = K1S0_CB_CLOSED,
    open = K1S0_CB_OPEN,
    half_open = K1S0_CB_HALF_OPEN,
};

enum class outcome : k1s0_cb_outcome {
    success = K1S0_CB_SUCCESS,
    failure = K1S0_CB_FAILURE,
    ignored = K1S0_CB_IGNORED,
    cancelled = K1S0_CB_CANCELLED,
};

// The call was not made.
class circuit_open_error : public std::runtime_error {
public:
    explicit circuit_open_error(const k1s0_cb_rejection &rejection)
        : std::runtime_error("circuit breaker is open"), rejection_(rejection) {}

    // When to come back, if anybody can say.
    std::optional<nanoseconds> retry_after() const noexcept {
        if (rejection_.has_retry_after == 0) {
            return std::nullopt;
        }
        constexpr auto longest = static_cast<std::uint64_t>(nanoseconds::max().count());
        return nanoseconds(rejection_.retry_after_ns < longest
                               ? static_cast<nanoseconds::rep>(rejection_.retry_after_ns)
                               : nanoseconds::max().count());
    }

    // Why: "open", "half_open", "forced_open".
    const char *reason() const noexcept { return k1s0_cb_reject_reason_name(rejection_.reason); }

private:
    k1s0_cb_rejection rejection_;
};

// A configured value is out of range; what() names field, value and range.
class config_error : public std::invalid_argument {
public:
    explicit config_error(const k1s0_cb_config_error &error)
        : std::invalid_argument(error.message), field_(error.field) {}

    const std::string &field() const noexcept { return field_; }

private:
    std::string field_;
};

// The library answered with an error: a mistake in the program.
class circuit_breaker_error : public std::logic_error {
public:
    explicit circuit_breaker_error(k1s0_cb_result result)
        : std::logic_error(std::string("circuit breaker: ") + k1s0_cb_result_name(result)),
          result_(result) {}

    k1s0_cb_result result() const noexcept { return result_; }

private:
    k1s0_cb_result result_;
};

// Which calls the rates are about.
class window {
public:
    // The last so many.
    static window calls(std::uint64_t number) { return {K1S0_CB_WINDOW_CALLS, number, {}, 0}; }
    // Those of the last so much time, cut in so many equal stretches.
    static window time(nanoseconds length, std::uint64_t buckets = 10) {
        return {K1S0_CB_WINDOW_TIME, 0, length, buckets};
    }

private:
    friend class circuit_breaker;

    window(std::uint64_t kind, std::uint64_t calls, nanoseconds length, std::uint64_t buckets)
        : kind_(kind), calls_(calls), length_(length), buckets_(buckets) {}

    std::uint64_t kind_, calls_;
    nanoseconds length_;
    std::uint64_t buckets_;
};

// A failure_threshold of this: failures in a row do not open, a rate must.
constexpr std::uint64_t off = K1S0_CB_OFF;

// Every field has its default; see k1s0_cb_config for ranges. nanoseconds::max() is never. Rates, the multiplier
// and the jitter are fractions: 0.5 is one half.
struct circuit_breaker_config {
    std::uint64_t failure_threshold = defaults().failure_threshold;
    std::uint64_t success_threshold = defaults().success_threshold;
    nanoseconds timeout{defaults().timeout_ns};
    std::uint64_t half_open_max_calls = defaults().half_open_max_calls;
    nanoseconds probe_timeout{defaults().probe_timeout_ns};
    std::optional<double> failure_rate;
    std::uint64_t minimum_calls = defaults().minimum_calls;
    k1s0::window window = k1s0::window::calls(defaults().window_calls);
    std::optional<nanoseconds> slow_call_duration;
    double slow_call_rate = defaults().slow_call_rate_ppm / 1e6;
    std::uint64_t slow_minimum_calls = defaults().slow_minimum_calls;
    bool count_hung_calls = false;
    double backoff_multiplier = defaults().backoff_multiplier_ppm / 1e6;
    std::optional<nanoseconds> max_timeout;
    double jitter = defaults().jitter_ppm / 1e6;
    std::optional<std::uint64_t> jitter_seed;
    bool shadow = false;

private:
    static k1s0_cb_config defaults() noexcept {
        k1s0_cb_config config{};
        k1s0_cb_config_init(&config, sizeof config);
        return config;
    }
};

namespace detail {

inline void check(k1s0_cb_result result) {
    if (result != K1S0_CB_OK) {
        throw circuit_breaker_error(result);
    }
}

// A negative wait has no meaning, and is refused rather than clamped.
inline std::uint64_t wait(const char *field, nanoseconds wait) {
    if (wait.count() < 0) {
        throw std::invalid_argument(std::string(field) + " is negative");
    }
    return wait == nanoseconds::max() ? K1S0_CB_NEVER : static_cast<std::uint64_t>(wait.count());
}

// A fraction in parts in a million, to the nearest. One that is no number of them is refused here, one that is
// out of its field's range by the library.
inline std::uint64_t parts(const char *field, double fraction) {
    if (!(fraction >= 0 && fraction < 1e12)) {
        throw std::invalid_argument(std::string(field) + " is negative, or no number");
    }
    return static_cast<std::uint64_t>(fraction * 1e6 + 0.5);
}

} // namespace detail

using transition = k1s0_cb_transition;

class permit;

// A handle; copies share the breaker. Any number of threads may use it at once.
class circuit_breaker {
public:
    // Monotonic time since whenever.
    using clock = std::function<nanoseconds()>;
    // Told of each transition, by the thread that made it, after the fact. An exception out of it
    // is dropped: it must not cost the caller its result.
    using listener = std::function<void(const transition &)>;

    explicit circuit_breaker(const circuit_breaker_config &config = {}, clock clock = steady(),
                             listener listener = {})
        : circuit_breaker(std::move(clock), std::move(listener)) {
        make(config, [this](const k1s0_cb_config *own, k1s0_cb_config_error *error) {
            return k1s0_cb_new(own, &breaker_, error);
        });
    }

    // The breaker that the process shares by this name; see k1s0_cb_shared.
    static circuit_breaker shared(std::string_view name, const circuit_breaker_config &config = {},
                                  clock clock = steady(), listener listener = {}) {
        circuit_breaker it(std::move(clock), std::move(listener));
        make(config, [&](const k1s0_cb_config *own, k1s0_cb_config_error *error) {
            return k1s0_cb_shared(name.data(), name.size(), own, &it.breaker_, error);
        });
        return it;
    }

    circuit_breaker(const circuit_breaker &other) : host_(other.host_) {
        detail::check(k1s0_cb_clone(other.breaker_, &breaker_));
    }
    circuit_breaker(circuit_breaker &&other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)), host_(std::move(other.host_)) {}
    circuit_breaker &operator=(circuit_breaker other) noexcept {
        std::swap(breaker_, other.breaker_);
        host_.swap(other.host_);
        return *this;
    }
    ~circuit_breaker() { k1s0_cb_free(breaker_); }

    // Makes a call if it is admitted and gives back its result. An exception is a failure and goes on.
    // Throws circuit_open_error if the call is not admitted.
    template <typename F> std::invoke_result_t<F> call(F &&f);

    // As call; `classify` says what a result that came back means.
    template <typename F, typename C> std::invoke_result_t<F> call(F &&f, C &&classify);

    // Leave to make one call, to be settled. Throws circuit_open_error.
    permit acquire();

    // As acquire; nothing if the call is not admitted.
    std::optional<permit> try_acquire();

    k1s0::state state() const {
        k1s0_cb_state found = K1S0_CB_CLOSED;
        detail::check(k1s0_cb_get_state(breaker_, now(), &found));
        return static_cast<k1s0::state>(found);
    }
    bool is_open() const { return state() == k1s0::state::open; }

    k1s0_cb_metrics metrics() const {
        k1s0_cb_metrics found{};
        found.struct_size = sizeof found;
        detail::check(k1s0_cb_get_metrics(breaker_, now(), &found));
        return found;
    }

    // The last transitions, at most 32, the oldest first.
    std::vector<transition> recent_transitions() const {
        std::vector<transition> found(K1S0_CB_RECENT_TRANSITIONS);
        std::uint64_t count = 0;
        detail::check(k1s0_cb_recent_transitions(breaker_, found.data(), found.size(), &count));
        found.resize(count);
        return found;
    }

    // Why it is as it is, and what would change that, as JSON; see k1s0_cb_explain_json.
    std::string explain_json() const { return text(k1s0_cb_explain_json); }
    // The same as a few lines for a person.
    std::string explain() const { return text(k1s0_cb_explain_text); }

    // Looks for calls in flight that hang, if count_hung_calls is on; see k1s0_cb_tick.
    void tick() { operate(k1s0_cb_tick); }

    void record_success() { operate(k1s0_cb_record_success); }
    void record_failure() { operate(k1s0_cb_record_failure); }
    void reset() { operate(k1s0_cb_reset); }
    void trip() { operate(k1s0_cb_trip); }
    void force_open() { operate(k1s0_cb_force_open); }
    void force_closed() { operate(k1s0_cb_force_closed); }
    void automatic() { operate(k1s0_cb_automatic); }

    // For the functions of the C ABI. It stays this handle's.
    k1s0_cb *get() const noexcept { return breaker_; }

    static clock steady() {
        return [] { return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()); };
    }

private:
    friend class permit;

    // What the library does not have; copies share it, so that a permit costs no allocation.
    struct host {
        clock now;
        listener told;
    };

    circuit_breaker(clock clock, listener listener)
        : host_(std::make_shared<const host>(host{std::move(clock), std::move(listener)})) {}

    template <typename Make> static void make(const circuit_breaker_config &config, Make &&make) {
        k1s0_cb_config own{};
        k1s0_cb_config_error error{};
        detail::check(k1s0_cb_config_init(&own, sizeof own));
        own.failure_threshold = config.failure_threshold;
        own.success_threshold = config.success_threshold;
        own.timeout_ns = detail::wait("timeout", config.timeout);
        own.half_open_max_calls = config.half_open_max_calls;
        own.probe_timeout_ns = detail::wait("probe_timeout", config.probe_timeout);
        if (config.failure_rate) {
            own.failure_rate_ppm = detail::parts("failure_rate", *config.failure_rate);
        }
        own.minimum_calls = config.minimum_calls;
        own.window_kind = config.window.kind_;
        own.window_calls = config.window.calls_;
        own.window_time_ns = detail::wait("window", config.window.length_);
        own.window_buckets = config.window.buckets_;
        if (config.slow_call_duration) {
            own.slow_call_duration_ns = detail::wait("slow_call_duration", *config.slow_call_duration);
        }
        own.slow_call_rate_ppm = detail::parts("slow_call_rate", config.slow_call_rate);
        own.slow_minimum_calls = config.slow_minimum_calls;
        own.count_hung_calls = config.count_hung_calls;
        own.backoff_multiplier_ppm = detail::parts("backoff_multiplier", config.backoff_multiplier);
        if (config.max_timeout) {
            own.max_timeout_ns = detail::wait("max_timeout", *config.max_timeout);
        }
        own.jitter_ppm = detail::parts("jitter", config.jitter);
        own.jitter_seed = config.jitter_seed.value_or(0);
        own.has_jitter_seed = config.jitter_seed.has_value();
        own.shadow = config.shadow;
        const k1s0_cb_result result = make(&own, &error);
        if (result == K1S0_CB_INVALID_CONFIG) {
            throw config_error(error);
        }
        detail::check(result);
    }

    std::uint64_t now() const { return static_cast<std::uint64_t>(host_->now().count()); }

    void tell(const k1s0_cb_transitions &transitions) const noexcept {
        for (std::uint32_t i = 0; host_->told && i < transitions.count; i++) {
            try {
                host_->told(transitions.items[i]);
            } catch (...) {
            }
        }
    }

    template <typename Operation> void operate(Operation operation) {
        k1s0_cb_transitions transitions{};
        detail::check(operation(breaker_, now(), &transitions));
        tell(transitions);
    }

    template <typename Write> std::string text(Write write) const {
        // Other threads may make it longer between two looks.
        std::string found(2048, '\0');
        std::uint64_t needed = 0;
        k1s0_cb_result result;
        while ((result = write(breaker_, now(), found.data(), found.size(), &needed)) ==
               K1S0_CB_BUFFER_TOO_SMALL) {
            found.resize(needed);
        }
        detail::check(result);
        found.resize(needed - 1);
        return found;
    }

    k1s0_cb_result ask(k1s0_cb_permit &permit, k1s0_cb_rejection &rejection) const {
        k1s0_cb_transitions transitions{};
        const k1s0_cb_result result =
            k1s0_cb_try_acquire(breaker_, now(), &permit, &rejection, &transitions);
        if (result != K1S0_CB_REJECTED) {
            detail::check(result);
        }
        tell(transitions);
        return result;
    }

    k1s0_cb *breaker_ = nullptr;
    std::shared_ptr<const host> host_;
};

// Leave to make one call. Destroyed unsettled, it is cancelled: unless an exception is what destroys
// it, which is a failure.
class permit {
public:
    permit(permit &&other) noexcept
        : breaker_(std::move(other.breaker_)), permit_(std::exchange(other.permit_, {})),
          exceptions_(other.exceptions_), settled_(std::exchange(other.settled_, true)) {}
    permit(const permit &) = delete;
    permit &operator=(const permit &) = delete;
    permit &operator=(permit &&) = delete;
    ~permit() {
        if (!settled_) {
            const bool thrown = std::uncaught_exceptions() > exceptions_;
            try {
                settle(thrown ? outcome::failure : outcome::cancelled);
            } catch (...) {
            }
        }
    }

    void success() { settle(outcome::success); }
    void failure() { settle(outcome::failure); }
    // The server asks not to be called for so long, its Retry-After; see k1s0_cb_settle_retry_after.
    void failure(nanoseconds retry_after) { settle(outcome::failure, retry_after); }
    void ignore() { settle(outcome::ignored); }
    void cancel() { settle(outcome::cancelled); }

    // Settles it, once; false if the outcome did not count: the state has changed since it was given, or the
    // call was only made because of `shadow`. Settling again throws circuit_breaker_error.
    bool settle(outcome how) {
        return settled_by([&](auto... rest) {
            return k1s0_cb_settle(breaker_.breaker_, &permit_, static_cast<k1s0_cb_outcome>(how), rest...);
        });
    }
    bool settle(outcome how, nanoseconds retry_after) {
        const std::uint64_t asked = detail::wait("retry_after", retry_after);
        return settled_by([&](auto... rest) {
            return k1s0_cb_settle_retry_after(breaker_.breaker_, &permit_,
                                              static_cast<k1s0_cb_outcome>(how), asked, rest...);
        });
    }

private:
    friend class circuit_breaker;

    permit(const circuit_breaker &breaker, const k1s0_cb_permit &given)
        : breaker_(breaker), permit_(given), exceptions_(std::uncaught_exceptions()) {}

    template <typename Settle> bool settled_by(Settle &&settle) {
        k1s0_cb_effect effect = K1S0_CB_EFFECT_APPLIED;
        k1s0_cb_transitions transitions{};
        if (permit_.breaker == 0) {
            throw circuit_breaker_error(K1S0_CB_INVALID_PERMIT);
        }
        settled_ = true;
        detail::check(settle(breaker_.now(), &effect, &transitions));
        breaker_.tell(transitions);
        return effect == K1S0_CB_EFFECT_APPLIED;
    }

    circuit_breaker breaker_;
    k1s0_cb_permit permit_;
    int exceptions_;
    bool settled_ = false;
};

inline permit circuit_breaker::acquire() {
    k1s0_cb_permit given{};
    k1s0_cb_rejection rejection{};
    if (ask(given, rejection) == K1S0_CB_REJECTED) {
        throw circuit_open_error(rejection);
    }
    return permit(*this, given);
}

inline std::optional<permit> circuit_breaker::try_acquire() {
    k1s0_cb_permit given{};
    k1s0_cb_rejection rejection{};
    if (ask(given, rejection) == K1S0_CB_REJECTED) {
        return std::nullopt;
    }
    return permit(*this, given);
}

template <typename F> std::invoke_result_t<F> circuit_breaker::call(F &&f) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        permit leave = acquire();
        std::invoke(std::forward<F>(f));
        leave.success();
    } else {
        return call(std::forward<F>(f), [](const auto &) { return outcome::success; });
    }
}

template <typename F, typename C>
std::invoke_result_t<F> circuit_breaker::call(F &&f, C &&classify) {
    permit leave = acquire();
    std::invoke_result_t<F> result = std::invoke(std::forward<F>(f));
    leave.settle(std::invoke(std::forward<C>(classify), std::as_const(result)));
    return result;
}

} // namespace k1s0

#endif
