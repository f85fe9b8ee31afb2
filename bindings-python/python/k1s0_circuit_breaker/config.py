"""The configuration."""

from __future__ import annotations

from ._native import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    import dataclasses
    from typing import Any, ClassVar

    from typing_extensions import Self

__all__ = ["CircuitBreakerConfig"]

# The first four are the specification's.
_POSITIONAL = ("failure_threshold", "success_threshold", "open_duration", "half_open_max_calls")
_KEYWORD_ONLY = (
    "probe_timeout",
    "failure_rate",
    "minimum_calls",
    "window_calls",
    "window_duration",
    "window_buckets",
    "slow_call_duration",
    "slow_call_rate",
    "slow_minimum_calls",
    "count_hung_calls",
    "backoff_multiplier",
    "max_open_duration",
    "jitter",
    "jitter_seed",
    "shadow",
)
_FIELDS = _POSITIONAL + _KEYWORD_ONLY


def _defaults() -> dict[str, Any]:
    """The defaults, which stand in the signature."""
    init = CircuitBreakerConfig.__init__
    return {**dict(zip(_POSITIONAL, init.__defaults__ or ())), **(init.__kwdefaults__ or {})}


class _DataclassFields:
    """What ``dataclasses`` asks of a dataclass, made when it is asked.

    Importing ``dataclasses`` costs more than everything else that this package imports.
    """

    def __get__(self, instance: object, owner: type) -> dict[str, Any]:
        import dataclasses
        import sys

        defaults = _defaults()
        fields: list[Any] = []
        for name in _FIELDS:
            said: dict[str, Any] = {"default": defaults[name]}
            if name in _KEYWORD_ONLY and sys.version_info >= (3, 10):
                said["kw_only"] = True
            fields.append((name, owner.__annotations__[name], dataclasses.field(**said)))
        made = dataclasses.make_dataclass("CircuitBreakerConfig", fields, frozen=True)
        return made.__dataclass_fields__  # type: ignore[no-any-return, attr-defined]


class CircuitBreakerConfig:
    """When a circuit breaker opens, how long it stays open, and when it closes.

    It is a frozen dataclass to use: ``dataclasses.replace``, ``fields`` and ``asdict``, comparison, hash,
    pattern matching and pickle work. Durations are seconds. A value out of range raises ``ConfigError`` (a
    ``ValueError``) that names field, value and range; one of a wrong type raises ``TypeError``.
    """

    __slots__ = (*_FIELDS, "__weakref__", "_rules")
    __match_args__ = (
        "failure_threshold",
        "success_threshold",
        "open_duration",
        "half_open_max_calls",
    )

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
        failure_threshold: int | None = 5,
        success_threshold: int = 2,
        open_duration: float = 30.0,
        half_open_max_calls: int = 1,
        *,
        probe_timeout: float = 60.0,
        failure_rate: float | None = None,
        minimum_calls: int = 20,
        window_calls: int = 100,
        window_duration: float | None = None,
        window_buckets: int = 10,
        slow_call_duration: float | None = None,
        slow_call_rate: float = 0.8,
        slow_minimum_calls: int = 20,
        count_hung_calls: bool = False,
        backoff_multiplier: float = 1.0,
        max_open_duration: float | None = None,
        jitter: float = 0.0,
        jitter_seed: int | None = None,
        shadow: bool = False,
    ) -> None:
        said = locals()
        fields = {name: said[name] for name in _FIELDS}
        rules = Rules(fields)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_rules", rules)

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    else:
        __dataclass_fields__ = _DataclassFields()

    def replace(self, **changes: Any) -> Self:
        """The same but for these fields."""
        return type(self)(**{**self._fields(), **changes})

    __replace__ = replace

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(tuple(self._fields().values()))

    def __repr__(self) -> str:
        defaults = _defaults()
        shown = ", ".join(
            f"{name}={value!r}"
            for name, value in self._fields().items()
            if name in _POSITIONAL or value != defaults[name]
        )
        return f"{type(self).__name__}({shown})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_fields, (type(self), self._fields())


def _from_fields(cls: type[CircuitBreakerConfig], fields: dict[str, Any]) -> CircuitBreakerConfig:
    return cls(**fields)
