"""Named breakers, made when they are first asked for."""

from __future__ import annotations

import os
from _thread import RLock
from itertools import count
from weakref import WeakValueDictionary

from .breaker import CircuitBreaker
from .config import CircuitBreakerConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

__all__ = ["Registry", "RegistryFullError"]

# For all registries, and only for making and forgetting breakers. A child of a fork has only the thread that
# forked, so there it is free, whoever held it.
_lock = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]


class RegistryFullError(RuntimeError):
    """There is no room for another breaker: every one there is has something to remember."""


class Registry:
    """Named breakers with one configuration, and others by name.

    ``get_or_create`` makes a breaker when its name is first asked for. There are never more than ``capacity``: a
    new one takes the place of the one that was asked for least recently, of those with nothing to
    remember (closed, nothing failed lately, nothing forced). An open breaker is never forgotten. A breaker that
    somebody still holds stays the one of its name, in its place or not.

    ``configs`` are exceptions to ``config``, by name. Keywords are those of ``CircuitBreaker``. Threads and tasks may
    use a registry at once.
    """

    def __init__(
        self,
        config: CircuitBreakerConfig | None = None,
        *,
        configs: Mapping[str, CircuitBreakerConfig] | None = None,
        capacity: int = 1024,
        **keywords: Any,
    ) -> None:
        if not isinstance(capacity, int) or isinstance(capacity, bool):
            raise TypeError(f"capacity is {capacity!r}; it must be an int")
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; it must be 1 or more")
        self._config = CircuitBreakerConfig() if config is None else config
        self._configs = dict(configs or {})
        self._capacity = capacity
        self._keywords = keywords
        # Whatever is wrong with them is said now.
        for each in (self._config, *self._configs.values()):
            CircuitBreaker(each, **keywords)
        # name -> [breaker, when it was asked for last]
        self._kept: dict[str, list[Any]] = {}
        self._alive: WeakValueDictionary[str, CircuitBreaker] = WeakValueDictionary()
        self._asked = count()

    def get_or_create(
        self, name: str, config: CircuitBreakerConfig | None = None
    ) -> CircuitBreaker:
        """The breaker of this name; made, if there is none yet.

        ``config`` is that of a new one; if there is one with another, raises ``ValueError``. Raises
        ``RegistryFullError`` if there is no room.
        """
        entry = self._kept.get(name)
        if entry is None:
            with _lock:
                entry = self._kept.get(name) or self._keep(name, config)
        breaker: CircuitBreaker = entry[0]
        entry[1] = next(self._asked)
        if config is not None and config != breaker.config:
            raise ValueError(f"there is a circuit breaker {name!r} with another configuration")
        return breaker

    def get(self, name: str) -> CircuitBreaker | None:
        """The breaker of this name, or None. It does not count as asked for."""
        entry = self._kept.get(name)
        return self._alive.get(name) if entry is None else entry[0]

    def remove(self, name: str) -> CircuitBreaker | None:
        """Forgets a breaker and answers it, or None. It stays good, but its name's next one is new."""
        with _lock:
            self._alive.pop(name, None)
            entry = self._kept.pop(name, None)
        return None if entry is None else entry[0]

    def names(self) -> list[str]:
        """The names, sorted."""
        return sorted(self._kept)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[CircuitBreaker]:
        """The breakers, by name."""
        return iter([entry[0] for _, entry in sorted(self._kept.items())])

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<Registry of {len(self)} circuit breakers>"

    def _keep(self, name: str, config: CircuitBreakerConfig | None) -> list[Any]:
        breaker = self._alive.get(name)
        if breaker is None:
            if config is None:
                config = self._configs.get(name, self._config)
            breaker = CircuitBreaker(config, name=name, **self._keywords)
        self._make_room()
        self._alive[name] = breaker
        entry = self._kept[name] = [breaker, next(self._asked)]
        return entry

    def _make_room(self) -> None:
        if len(self._kept) < self._capacity:
            return
        idle = [(entry[1], name) for name, entry in self._kept.items() if entry[0].is_idle]
        if not idle:
            raise RegistryFullError(
                f"the registry is full ({self._capacity} circuit breakers in use)"
            )
        del self._kept[min(idle)[1]]
