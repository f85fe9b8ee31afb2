// The C++ face: exceptions, permits, handles, clocks. Time is an input here too.

#include <cmath>
#include <memory>
#include <vector>

#include "check.h"
#include "k1s0/circuit_breaker.hpp"

using namespace std::chrono_literals;
using k1s0::circuit_breaker;
using k1s0::circuit_breaker_config;
using k1s0::outcome;

namespace {

struct fixture {
    std::shared_ptr<k1s0::nanoseconds> now = std::make_shared<k1s0::nanoseconds>(0);
    std::shared_ptr<std::vector<k1s0::transition>> told =
        std::make_shared<std::vector<k1s0::transition>>();
    circuit_breaker breaker;

    fixture()
        : breaker(config(), [now = now] { return *now; },
                  [told = told](const k1s0::transition &it) { told->push_back(it); }) {}

    static circuit_breaker_config config() {
        circuit_breaker_config config;
        config.failure_threshold = 2;
        config.success_threshold = 1;
        config.timeout = 1s;
        return config;
    }
};

struct own_error {
    int number;
};

template <typename E, typename F> E thrown(F &&f) {
    try {
        f();
    } catch (const E &error) {
        return error;
    }
    std::fprintf(stderr, "nothing was thrown\n");
    std::exit(1);
}

void results_and_exceptions_go_through() {
    fixture it;
    CHECK_IS(7, it.breaker.call([] { return 7; }));
    int ran = 0;
    it.breaker.call([&] { ran++; });
    CHECK_IS(1, ran);
    auto owned = it.breaker.call([] { return std::make_unique<int>(5); });
    CHECK_IS(5, *owned);
    CHECK_IS(3, it.breaker.metrics().success);
    const auto fail = [&] { it.breaker.call([]() -> int { throw own_error{42}; }); };
    CHECK_IS(42, thrown<own_error>(fail).number);
    CHECK_IS(42, thrown<own_error>(fail).number);
    CHECK_IS(2, it.breaker.metrics().failure);
    CHECK(it.breaker.is_open());
    const auto rejected = thrown<k1s0::circuit_open_error>(fail);
    CHECK(std::string(rejected.what()) == "circuit breaker is open");
    CHECK(std::string(rejected.reason()) == "open");
    CHECK(rejected.retry_after() == 1s);
    *it.now = 1s;
    CHECK(it.breaker.state() == k1s0::state::half_open);
    CHECK_IS(1, it.breaker.call([] { return 1; }));
    CHECK(it.breaker.state() == k1s0::state::closed);
    CHECK_IS(3, it.told->size());
    CHECK_IS(K1S0_CB_REASON_FAILURE_THRESHOLD, it.told->at(0).reason);
    CHECK_IS(1000000000, it.told->at(1).at_ns);
}

void results_are_classified() {
    fixture it;
    const auto classify = [](int n) { return n < 0 ? outcome::failure : outcome::ignored; };
    CHECK_IS(-1, it.breaker.call([] { return -1; }, classify));
    CHECK_IS(1, it.breaker.call([] { return 1; }, classify));
    CHECK_IS(1, it.breaker.metrics().failure);
    CHECK_IS(1, it.breaker.metrics().ignored);
}

void permits_are_settled_once() {
    fixture it;
    {
        auto dropped = it.breaker.acquire();
    }
    CHECK_IS(1, it.breaker.metrics().cancelled);
    auto permit = it.breaker.acquire();
    auto moved = std::move(permit);
    moved.success();
    CHECK_IS(K1S0_CB_ALREADY_SETTLED,
             thrown<k1s0::circuit_breaker_error>([&] { moved.failure(); }).result());
    CHECK_IS(K1S0_CB_INVALID_PERMIT,
             thrown<k1s0::circuit_breaker_error>([&] { permit.failure(); }).result());
    auto late = it.breaker.acquire();
    it.breaker.trip();
    CHECK(!late.settle(outcome::success));
    CHECK(!it.breaker.try_acquire().has_value());
    // An exception that passes by a permit is a failure.
    it.breaker.reset();
    thrown<own_error>([&] {
        auto passed = it.breaker.acquire();
        throw own_error{1};
    });
    CHECK_IS(1, it.breaker.metrics().failure);
    static_assert(!std::is_copy_constructible_v<k1s0::permit>);
    static_assert(std::is_nothrow_move_constructible_v<k1s0::permit>);
}

void handles_share_the_breaker() {
    fixture it;
    circuit_breaker copy = it.breaker, other;
    other = copy;
    other.force_open();
    CHECK(copy.is_open());
    CHECK(!thrown<k1s0::circuit_open_error>([&] { it.breaker.acquire(); }).retry_after());
    copy.automatic();
    copy.force_closed();
    other.record_failure();
    copy.record_success();
    CHECK_IS(1, it.breaker.metrics().forced);
    auto a = circuit_breaker::shared("payments"), b = circuit_breaker::shared("payments");
    a.trip();
    CHECK(a.get() == b.get() && b.is_open());
    CHECK_IS(K1S0_CB_CONFIG_MISMATCH, thrown<k1s0::circuit_breaker_error>([] {
                 circuit_breaker::shared("payments", fixture::config());
             }).result());
}

void a_permit_outlives_its_handle() {
    auto it = std::make_unique<fixture>();
    auto permit = it->breaker.acquire();
    it.reset();
    CHECK(permit.settle(outcome::failure));
}

void a_bad_config_says_so() {
    circuit_breaker_config config;
    CHECK(config.timeout == 30s && config.probe_timeout == 60s);
    CHECK_IS(5, config.failure_threshold);
    config.failure_threshold = 0;
    const auto refused = thrown<k1s0::config_error>([&] { circuit_breaker it(config); });
    CHECK(refused.field() == "failure_threshold");
    CHECK(std::string(refused.what()) == "failure_threshold is 0; it must be 1 to 4294967295");
    config.failure_threshold = 1;
    config.timeout = -1ns;
    thrown<std::invalid_argument>([&] { circuit_breaker it(config); });
    // For ever.
    config.timeout = k1s0::nanoseconds::max();
    circuit_breaker it(config);
    it.record_failure();
    CHECK(!thrown<k1s0::circuit_open_error>([&] { it.acquire(); }).retry_after());
}

void a_rate_opens() {
    circuit_breaker_config config;
    CHECK(config.slow_call_rate == 0.8 && config.backoff_multiplier == 1 && config.jitter == 0);
    config.failure_threshold = k1s0::off;
    config.failure_rate = 0.5;
    config.minimum_calls = 2;
    config.window = k1s0::window::time(1s, 20);
    circuit_breaker it(config);
    it.record_success();
    it.record_failure();
    CHECK(it.is_open());
    const auto recent = it.recent_transitions();
    CHECK_IS(1, recent.size());
    CHECK_IS(K1S0_CB_REASON_FAILURE_RATE, recent.at(0).reason);
    config.window = k1s0::window::calls(1);
    CHECK(thrown<k1s0::config_error>([&] { circuit_breaker refused(config); }).field() ==
          "minimum_calls");
    config.window = k1s0::window::calls(10);
    config.failure_rate = 1.5;
    CHECK(std::string(thrown<k1s0::config_error>([&] { circuit_breaker refused(config); }).what()) ==
          "failure_rate is 1.5; it must be more than 0, at most 1");
    config.failure_rate = -0.5;
    thrown<std::invalid_argument>([&] { circuit_breaker refused(config); });
    config.failure_rate = std::nan("");
    thrown<std::invalid_argument>([&] { circuit_breaker refused(config); });
}

void calls_that_are_slow_or_hang_count() {
    auto now = std::make_shared<k1s0::nanoseconds>(0);
    circuit_breaker_config config;
    config.slow_call_duration = 1s;
    config.slow_minimum_calls = 2;
    config.count_hung_calls = true;
    circuit_breaker it(config, [now] { return *now; });
    it.call([&] { *now = 1s; });
    CHECK_IS(1, it.metrics().slow);
    CHECK_IS(1, it.metrics().window_slow);
    auto hangs = it.acquire();
    *now = 3s;
    it.tick();
    CHECK(it.is_open());
    CHECK(!hangs.settle(outcome::success));
}

void waits_grow_and_are_asked_for() {
    auto now = std::make_shared<k1s0::nanoseconds>(0);
    circuit_breaker_config config;
    config.failure_threshold = 1;
    config.timeout = 1s;
    config.backoff_multiplier = 2;
    config.max_timeout = 10s;
    config.jitter_seed = 7;
    circuit_breaker it(config, [now] { return *now; });
    it.record_failure();
    *now = 1s;
    it.record_failure();
    CHECK_IS(2000000000, it.metrics().remaining_wait_ns);
    it.reset();
    it.acquire().failure(5s);
    CHECK_IS(5000000000, it.metrics().remaining_wait_ns);
    it.reset();
    auto permit = it.acquire();
    thrown<std::invalid_argument>([&] { permit.failure(-1ns); });
    CHECK(permit.settle(outcome::failure, k1s0::nanoseconds::max()));
    CHECK_IS(10000000000, it.metrics().remaining_wait_ns);
    config.max_timeout = 999ms;
    CHECK(thrown<k1s0::config_error>([&] { circuit_breaker refused(config); }).field() ==
          "max_timeout");
    config.max_timeout = k1s0::nanoseconds::max();
    circuit_breaker longest(config, [now] { return *now; });
    longest.acquire().failure(k1s0::nanoseconds::max());
    CHECK_IS(0, longest.metrics().has_remaining_wait);
}

void a_shadow_rejects_nothing() {
    circuit_breaker_config config;
    config.shadow = true;
    circuit_breaker it(config);
    it.trip();
    CHECK_IS(1, it.call([] { return 1; }));
    auto permit = it.acquire();
    CHECK(!permit.settle(outcome::failure));
    CHECK_IS(2, it.metrics().would_reject_open);
    CHECK_IS(0, it.metrics().rejected);
}

void it_explains_itself() {
    auto it = circuit_breaker::shared("explained", {}, [] { return k1s0::nanoseconds(0); });
    it.trip();
    CHECK(it.explain().find("circuit breaker \"explained\" is Open, epoch 2\n") == 0);
    const auto json = it.explain_json();
    CHECK(json.front() == '{' && json.back() == '}');
    for (int i = 0; i < 40; i++) {
        it.reset();
    }
    // More than was room for at first.
    CHECK(it.explain_json().size() > 4096);
    CHECK(it.explain_json().back() == '}');
}

void a_listener_that_throws_costs_nothing() {
    circuit_breaker it({}, circuit_breaker::steady(), [](const auto &) { throw own_error{1}; });
    it.trip();
    CHECK(it.is_open());
}

} // namespace

int main() {
    results_and_exceptions_go_through();
    results_are_classified();
    permits_are_settled_once();
    handles_share_the_breaker();
    a_permit_outlives_its_handle();
    a_bad_config_says_so();
    a_rate_opens();
    calls_that_are_slow_or_hang_count();
    waits_grow_and_are_asked_for();
    a_shadow_rejects_nothing();
    it_explains_itself();
    a_listener_that_throws_costs_nothing();
    std::puts("face: as it should be");
}
