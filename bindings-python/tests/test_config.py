"""The configuration: a frozen dataclass to its user, and refused where it is wrong."""

import copy
import dataclasses
import json
import math
import pathlib
import pickle
import sys

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, ConfigError

FIELDS = [field.name for field in dataclasses.fields(CircuitBreakerConfig)]


def test_the_specifications_fields_come_first():
    config = CircuitBreakerConfig(1, 2, 3.0, 4)
    assert (config.failure_threshold, config.success_threshold) == (1, 2)
    assert (config.open_duration, config.half_open_max_calls) == (3.0, 4)
    with pytest.raises(TypeError):
        CircuitBreakerConfig(1, 2, 3.0, 4, 5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'timeout'"):
        CircuitBreakerConfig(timeout=3)


def test_defaults_are_core_s():
    here = pathlib.Path(__file__).resolve()
    constants = here.parents[2] / "conformance" / "constants.json"
    core = json.loads(constants.read_text())["defaults"]
    core.update(core.pop("exceptions")["python"])
    ours = dataclasses.asdict(CircuitBreakerConfig())
    expected = {
        "open_duration": core.pop("timeout_ms") / 1000,
        "probe_timeout": core.pop("probe_timeout_ms") / 1000,
        "slow_call_duration": core.pop("slow_call_duration_ms"),
        "window_duration": None,
        "max_open_duration": None,
        "jitter_seed": None,
    }
    # Ten minutes, or the wait if that is longer: said as None.
    assert core.pop("max_timeout_ms") == 600_000
    assert ours == {**core, **expected}


def test_dataclasses_knows_it():
    config = CircuitBreakerConfig(failure_rate=0.5)
    assert dataclasses.is_dataclass(config)
    assert dataclasses.replace(config, jitter=0.5) == CircuitBreakerConfig(
        failure_rate=0.5, jitter=0.5
    )
    assert dataclasses.asdict(config)["failure_rate"] == 0.5
    assert config.replace(jitter=0.5).jitter == 0.5
    assert config.jitter == 0
    assert len(FIELDS) == 19
    if sys.version_info >= (3, 10):
        assert [field.name for field in dataclasses.fields(config) if not field.kw_only] == FIELDS[
            :4
        ]
    if sys.version_info >= (3, 13):
        assert copy.replace(config, jitter=0.25).jitter == 0.25


def test_equality_hash_repr_pickle_match():
    config = CircuitBreakerConfig(7, jitter=0.5)
    assert config == CircuitBreakerConfig(7, jitter=0.5)
    assert config != CircuitBreakerConfig(7)
    assert config != 7
    assert hash(config) == hash(CircuitBreakerConfig(7, jitter=0.5))
    assert repr(config) == (
        "CircuitBreakerConfig(failure_threshold=7, success_threshold=2, open_duration=30.0, "
        "half_open_max_calls=1, jitter=0.5)"
    )
    assert eval(repr(config)) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert copy.deepcopy(config) == config
    assert CircuitBreakerConfig.__match_args__ == tuple(FIELDS[:4])


def test_it_is_frozen():
    config = CircuitBreakerConfig()
    with pytest.raises(AttributeError):
        config.failure_threshold = 3
    with pytest.raises(AttributeError):
        del config.failure_threshold
    with pytest.raises(AttributeError):
        config.something_else = 3


COUNT = "1 to 4294967295"
SECONDS = "a finite number of seconds, 0 or more"
RATE = "more than 0, at most 1"


@pytest.mark.parametrize(
    ("said", "value", "allowed"),
    [
        ({"failure_threshold": 0}, "0", COUNT),
        ({"failure_threshold": -1}, "-1", COUNT),
        ({"failure_threshold": 2**32}, "4294967296", COUNT),
        ({"failure_threshold": 10**30}, str(10**30), COUNT),
        ({"success_threshold": 0}, "0", COUNT),
        ({"half_open_max_calls": 65536}, "65536", "1 to 65535"),
        ({"open_duration": -0.5}, "-0.5", SECONDS),
        ({"open_duration": math.nan}, "nan", SECONDS),
        ({"open_duration": math.inf}, "inf", SECONDS),
        ({"probe_timeout": 0.0001}, "0.0001", "1ms or more"),
        ({"failure_rate": 0}, "0", RATE),
        ({"failure_rate": 1.5}, "1.5", RATE),
        ({"failure_rate": math.nan}, "nan", RATE),
        ({"minimum_calls": 0}, "0", COUNT),
        (
            {"failure_rate": 0.5, "window_calls": 10, "minimum_calls": 11},
            "11",
            "1 to 10, the calls in the window",
        ),
        ({"window_calls": 65537}, "65537", "1 to 65536"),
        ({"window_duration": 0.001}, "0.001", "10ms to 24h"),
        ({"window_duration": 1e6}, "1000000.0", "10ms to 24h"),
        ({"window_buckets": 9, "window_duration": 10}, "9", "10 to 100"),
        ({"slow_call_duration": 0}, "0", "1ns or more"),
        ({"slow_call_rate": 2}, "2", RATE),
        ({"slow_minimum_calls": 0}, "0", COUNT),
        ({"count_hung_calls": True}, "True", "false where slow_call_duration is off"),
        ({"backoff_multiplier": 0.5}, "0.5", "1 to 100"),
        ({"backoff_multiplier": math.inf}, "inf", "1 to 100"),
        ({"max_open_duration": 29}, "29", "open_duration or more"),
        ({"jitter": -0.1}, "-0.1", "0 to 1"),
        ({"jitter": 10**400}, "a huge number" if False else str(10**400), "0 to 1"),
        ({"jitter_seed": -1}, "-1", "0 to 18446744073709551615"),
        ({"jitter_seed": 2**64}, str(2**64), "0 to 18446744073709551615"),
    ],
)
def test_out_of_range(said, value, allowed):
    # The field at fault is the last one that was said, or the only one.
    with pytest.raises(ValueError, match="it must be") as refused:
        CircuitBreakerConfig(**said)
    error = refused.value
    assert isinstance(error, ConfigError)
    assert error.field in said
    assert error.value == said[error.field] or error.value != error.value
    assert error.range == allowed
    assert str(error) == f"{error.field} is {value}; it must be {allowed}"
    assert pickle.loads(pickle.dumps(error)).field == error.field


def test_no_policy_at_all():
    with pytest.raises(ConfigError, match="failure_threshold is None"):
        CircuitBreakerConfig(failure_threshold=None)
    CircuitBreakerConfig(failure_threshold=None, failure_rate=0.5)
    CircuitBreakerConfig(failure_threshold=None, slow_call_duration=1)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ["5", object(), [1], b"1", 1j])
def test_wrong_types(field, value):
    with pytest.raises(TypeError, match=f"{field} is .*; it must be an? (int|float|bool)"):
        CircuitBreakerConfig(**{field: value})


@pytest.mark.parametrize("field", [it for it in FIELDS if it not in ("count_hung_calls", "shadow")])
def test_bools_are_no_numbers(field):
    with pytest.raises(TypeError, match=f"{field} is True; it must be an? (int|float)"):
        CircuitBreakerConfig(**{field: True})


@pytest.mark.parametrize("field", ["failure_threshold", "success_threshold", "window_calls"])
def test_floats_are_no_counts(field):
    with pytest.raises(TypeError, match=f"{field} is 5.0; it must be an int"):
        CircuitBreakerConfig(**{field: 5.0})


def test_other_numbers_are_numbers():
    class Int:
        def __index__(self):
            return 3

    class Float:
        def __float__(self):
            return 0.5

    config = CircuitBreakerConfig(failure_threshold=Int(), failure_rate=Float(), open_duration=2)
    assert CircuitBreaker(config).state.value == "closed"


def test_never():
    cb = CircuitBreaker(CircuitBreakerConfig(open_duration=1e30))
    cb.trip()
    assert cb.metrics().remaining_wait is None


def test_config_must_be_one():
    with pytest.raises(TypeError, match="config is 5; it must be a CircuitBreakerConfig"):
        CircuitBreaker(5)
    with pytest.raises(TypeError, match="name is 5; it must be a str"):
        CircuitBreaker(name=5)
