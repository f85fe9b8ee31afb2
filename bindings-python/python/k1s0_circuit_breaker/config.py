"""The configuration."""

from __future__ import annotations

from ._native import Rules

__all__ = ["CircuitBreakerConfig"]

_DEFAULTS = {
    "failure_threshold": 5,
    "success_threshold": 2,
    "open_duration": 30.0,
    "half_open_max_calls": 1,
    "probe_timeout": 60.0,
    "failure_rate": None,
    "minimum_calls": 20,
    "window_calls": 100,
    "window_duration": None,
    "window_buckets": 10,
    "slow_call_duration": None,
    "slow_call_rate": 0.8,
    "slow_minimum_calls": 20,
    "count_hung_calls": False,
    "backoff_multiplier": 1.0,
    "max_open_duration": None,
    "jitter": 0.0,
    "jitter_seed": None,
    "shadow": False,
}
_POSITIONAL = ("failure_threshold", "success_threshold", "open_duration", "half_open_max_calls")


class _DataclassFields:
    """What ``dataclasses`` asks of a dataclass, made when it is asked.

    Importing ``dataclasses`` costs more than everything else that this package imports.
    """

    def __get__(self, instance: object, owner: type) -> object:
        import dataclasses

        fields = [
            (
                name,
                annotation,
                dataclasses.field(
                    default=_DEFAULTS[name],
                    **({} if name in _POSITIONAL else _keyword_only()),
                ),
            )
            for name, annotation in owner.__annotations__.items()
            if name in _DEFAULTS
        ]
        made = dataclasses.make_dataclass("CircuitBreakerConfig", fields, frozen=True)
        return made.__dataclass_fields__


def _keyword_only() -> dict[str, bool]:
    import sys

    return {"kw_only": True} if sys.version_info >= (3, 10) else {}


class CircuitBreakerConfig:
    """When a circuit breaker opens, how long it stays open, and when it closes.

    It is a frozen dataclass to use: ``dataclasses.replace``, ``fields`` and ``asdict``, comparison, hash,
    pattern matching and pickle work. Durations are seconds. A value out of range raises ``ConfigError`` (a
    ``ValueError``) that names field, value and range; one of a wrong type raises ``TypeError``.
    """

    __slots__ = (*_DEFAULTS, "__weakref__", "_rules")
    __match_args__ = _POSITIONAL

    failure_threshold: int | None
    """Failures in a row that open the circuit: 1 to 4294967295. None: only a rate opens it."""
    success_threshold: int
    """Successful probes that close it again: 1 to 4294967295."""
    open_duration: float
    """How long an open circuit rejects calls. 0: the next call is a probe."""
    half_open_max_calls: int
    """How many probes may be unsettled at once: 1 to 65535."""
    probe_timeout: float
    """When a full set of unsettled probes is given up and counts as a failure: 0.001 or more."""
    failure_rate: float | None
    """How large a part of the window's calls may fail: more than 0, at most 1. None: off."""
    minimum_calls: int
    """Fewer calls in the window than this decide nothing; no more than the window holds."""
    window_calls: int
    """The rates are about the last so many calls: 1 to 65536."""
    window_duration: float | None
    """The rates are about the calls of the last so many seconds instead: 0.01 to 86400."""
    window_buckets: int
    """In how many stretches a window of time is cut: 10 to 100."""
    slow_call_duration: float | None
    """Calls that take so long or longer are slow. None: off."""
    slow_call_rate: float
    """How large a part of the window's calls may be slow: more than 0, at most 1."""
    slow_minimum_calls: int
    """As ``minimum_calls``, for slow calls."""
    count_hung_calls: bool
    """Whether calls count as slow while they are still in flight."""
    backoff_multiplier: float
    """Each wait by the one before it, while the circuit does not stay closed: 1 to 100."""
    max_open_duration: float | None
    """The longest wait: ``open_duration`` or more. None: 600, or ``open_duration`` if longer."""
    jitter: float
    """How large a part of itself a wait may be off, to either side: 0 to 1."""
    jitter_seed: int | None
    """Where the random numbers for the jitter begin, for tests: 64 bits."""
    shadow: bool
    """Decide and tell, but reject nothing: for trying a configuration on real traffic."""

    def __init__(
        self,
        failure_threshold=5,
        success_threshold=2,
        open_duration=30.0,
        half_open_max_calls=1,
        **more,
    ):
        fields = {
            **_DEFAULTS,
            "failure_threshold": failure_threshold,
            "success_threshold": success_threshold,
            "open_duration": open_duration,
            "half_open_max_calls": half_open_max_calls,
            **more,
        }
        if len(fields) != len(_DEFAULTS):
            unknown = next(name for name in more if name not in _DEFAULTS)
            raise TypeError(
                f"CircuitBreakerConfig() got an unexpected keyword argument {unknown!r}"
            )
        rules = Rules(fields)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_rules", rules)

    __dataclass_fields__ = _DataclassFields()

    def replace(self, **changes):
        """The same but for these fields."""
        return type(self)(**{**self._fields(), **changes})

    __replace__ = replace

    def _fields(self):
        return {name: getattr(self, name) for name in _DEFAULTS}

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self):
        return hash(tuple(self._fields().values()))

    def __repr__(self):
        shown = ", ".join(
            f"{name}={value!r}"
            for name, value in self._fields().items()
            if name in _POSITIONAL or value != _DEFAULTS[name]
        )
        return f"{type(self).__name__}({shown})"

    def __setattr__(self, name, value):
        raise AttributeError(f"cannot assign to field {name!r}")

    def __delattr__(self, name):
        raise AttributeError(f"cannot delete field {name!r}")

    def __reduce__(self):
        return _from_fields, (type(self), self._fields())


def _from_fields(cls, fields):
    return cls(**fields)
