"""What can go wrong.

Each error is made anew, can be pickled, and makes its message when it is asked for.
"""

from __future__ import annotations

__all__ = ["CircuitBreakerError", "CircuitOpenError", "ConfigError", "ExecutionFailedError"]


class CircuitBreakerError(Exception):
    """The base of what a breaker raises about calls."""

    @property
    def name(self) -> str | None:
        """The breaker's name, or None."""
        return self.args[0] if self.args else None

    def _who(self) -> str:
        return "circuit breaker" if self.name is None else f"circuit breaker {self.name!r}"


class CircuitOpenError(CircuitBreakerError):
    """The call was rejected: the guarded function was not called. Do not retry at once."""

    # The native code makes instances without calling this: all they have is in `args`.
    def __init__(
        self, name: str | None = None, retry_after: float | None = None, reason: str = "open"
    ) -> None:
        super().__init__(name, retry_after, reason)

    @property
    def retry_after(self) -> float | None:
        """Seconds that are left of the wait.

        None where nobody can say: while probes are out, in a forced mode, and when the wait never ends.
        """
        return self.args[1]  # type: ignore[no-any-return]

    @property
    def reason(self) -> str:
        """ "open", "half_open" (every probe's slot is taken) or "forced_open"."""
        return self.args[2]  # type: ignore[no-any-return]

    def __str__(self) -> str:
        why = {
            "half_open": "half-open and its probes are out",
            "forced_open": "forced open",
        }.get(self.reason, "open")
        when = "" if self.retry_after is None else f"; try again in {self.retry_after:.3g}s"
        return f"{self._who()} is {why}{when}"


class ExecutionFailedError(CircuitBreakerError):
    """The guarded function failed; only with ``wrap_errors=True``. Its exception is ``__cause__``."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)

    def __str__(self) -> str:
        cause = "" if self.__cause__ is None else f": {self.__cause__!r}"
        return f"a call through {self._who()} failed{cause}"


class ConfigError(ValueError):
    """A value of the configuration is out of range (SPEC 3.1). Nothing is clamped."""

    def __init__(self, field: str, value: object, range: str) -> None:
        super().__init__(field, value, range)

    @property
    def field(self) -> str:
        """The field's name."""
        return self.args[0]  # type: ignore[no-any-return]

    @property
    def value(self) -> object:
        """Its value, as it was given."""
        return self.args[1]

    @property
    def range(self) -> str:
        """What it may be."""
        return self.args[2]  # type: ignore[no-any-return]

    def __str__(self) -> str:
        # Python refuses to write an int of more than some thousand digits.
        try:
            value = repr(self.value)
        except ValueError:
            value = "a huge number"
        return f"{self.field} is {value}; it must be {self.range}"
