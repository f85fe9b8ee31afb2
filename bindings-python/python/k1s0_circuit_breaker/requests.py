"""An adapter for requests that guards every request with a breaker.

    session.mount("https://payments.example/", CircuitBreakerAdapter(CircuitBreaker(name="payments")))

A call is settled by the head of its response: by the status, as the same table says in every language of k1s0 (a
404 is a healthy server's answer, a 503 is not), with the `Retry-After` of a 429 or 503. What happens to the body
later counts nowhere. A rejected request raises `CircuitOpenError` and reaches no socket. Retries that urllib3 makes
(`max_retries`) are inside: a request counts once, by how it ends.

Needs requests (`pip install k1s0-circuit-breaker requests`), which is imported only here.
"""

from __future__ import annotations

from typing import Any, Callable, Union

import requests
from requests.adapters import HTTPAdapter

from . import _http
from .breaker import CircuitBreaker

__all__ = ["CircuitBreakerAdapter"]

#: A breaker, or what finds the one for a request.
BreakerFor = Union[CircuitBreaker, Callable[[requests.PreparedRequest], CircuitBreaker]]

# The first that fits says which transport error it is.
_KINDS = (
    (requests.exceptions.Timeout, "timeout"),
    (requests.exceptions.SSLError, "tls"),
    (requests.exceptions.ConnectionError, "connect"),
    (requests.exceptions.InvalidURL, "invalid_request"),
    (requests.exceptions.InvalidHeader, "invalid_request"),
    (requests.exceptions.InvalidSchema, "invalid_request"),
    (requests.exceptions.MissingSchema, "invalid_request"),
)


class CircuitBreakerAdapter(HTTPAdapter):
    """Guards each request that goes through it. The other arguments are `HTTPAdapter`'s."""

    def __init__(self, breaker: BreakerFor, **arguments: Any) -> None:
        self._breaker = breaker
        super().__init__(**arguments)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Makes the request if it is admitted; raises `CircuitOpenError` if not."""
        breaker = self._breaker
        if not isinstance(breaker, CircuitBreaker):
            breaker = breaker(request)
        permit = breaker.acquire()
        try:
            response = super().send(request, *args, **kwargs)
        except BaseException as error:
            kind: str | None = next((it for known, it in _KINDS if isinstance(error, known)), None)
            _http.settle_error(permit, error, kind)
            raise
        _http.settle_response(permit, response.status_code, response.headers)
        return response
