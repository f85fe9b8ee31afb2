"""Named breakers."""

import threading

import pytest

from k1s0_circuit_breaker import CircuitBreakerConfig, ConfigError, Registry, RegistryFullError


def test_one_breaker_for_each_name(clock):
    registry = Registry(CircuitBreakerConfig(7), clock=clock)
    payments = registry.get_or_create("payments")
    assert payments.name == "payments"
    assert payments.config.failure_threshold == 7
    assert registry.get_or_create("payments") is payments
    assert registry.get("payments") is payments
    assert registry.get("orders") is None
    registry.get_or_create("orders")
    assert registry.names() == ["orders", "payments"]
    assert [breaker.name for breaker in registry] == ["orders", "payments"]
    assert len(registry) == 2
    assert "orders" in registry
    assert "nobody" not in registry
    assert registry.remove("orders").name == "orders"
    assert registry.remove("orders") is None
    assert "orders" not in registry


def test_configurations_by_name():
    registry = Registry(configs={"slow": CircuitBreakerConfig(open_duration=300.0)})
    assert registry.get_or_create("slow").config.open_duration == 300.0
    assert registry.get_or_create("other").config == CircuitBreakerConfig()
    own = CircuitBreakerConfig(1)
    assert registry.get_or_create("own", own).config is own
    with pytest.raises(ValueError, match="another configuration"):
        registry.get_or_create("own", CircuitBreakerConfig(2))


def test_what_is_wrong_is_said_at_once():
    for capacity in (0, -1):
        with pytest.raises(ValueError, match="capacity is"):
            Registry(capacity=capacity)
    for capacity in (True, "5", 1.0):
        with pytest.raises(TypeError, match="capacity is"):
            Registry(capacity=capacity)
    with pytest.raises(TypeError):
        Registry(configs={"a": 5})
    with pytest.raises(TypeError):
        Registry(classifer=lambda: None)
    assert issubclass(ConfigError, ValueError)


def test_the_one_asked_for_least_recently_makes_room():
    registry = Registry(capacity=2)
    registry.get_or_create("a")
    registry.get_or_create("b")
    registry.get_or_create("a")
    registry.get_or_create("c")
    assert registry.names() == ["a", "c"]


def test_an_open_one_is_never_forgotten():
    registry = Registry(capacity=2)
    for name in "ab":
        registry.get_or_create(name).trip()
    with pytest.raises(RegistryFullError):
        registry.get_or_create("c")
    registry.get("a").reset()
    registry.get_or_create("c")
    assert registry.names() == ["b", "c"]


def test_one_that_somebody_holds_stays_the_one_of_its_name():
    registry = Registry(capacity=1)
    held = registry.get_or_create("a")
    registry.get_or_create("b")
    assert registry.names() == ["b"]
    assert registry.get("a") is held
    assert registry.get_or_create("a") is held
    assert registry.names() == ["a"]


def test_threads_get_the_same():
    registry = Registry()
    found = []
    start = threading.Barrier(16)

    def work():
        start.wait()
        found.extend(registry.get_or_create(str(number)) for number in range(200))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3200
    assert len(set(map(id, found))) == 200
