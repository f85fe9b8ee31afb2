"""The HTTP adapters, each against the same server that fails, hangs, resets and recovers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Callable

import httpx
import pytest
import requests

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerState, CircuitOpenError
from k1s0_circuit_breaker.httpx import AsyncCircuitBreakerTransport, CircuitBreakerTransport
from k1s0_circuit_breaker.requests import CircuitBreakerAdapter

from .conftest import Clock, Server

#: Makes a request and gives its status; waits for so many seconds.
Get = Callable[..., int]


def by_httpx(breaker: CircuitBreaker) -> Iterator[Get]:
    with httpx.Client(transport=CircuitBreakerTransport(breaker)) as client:
        yield lambda url, timeout=30: client.get(url, timeout=timeout).status_code


def by_async_httpx(breaker: CircuitBreaker) -> Iterator[Get]:
    async def get(url: str, timeout: float) -> int:
        transport = AsyncCircuitBreakerTransport(breaker)
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.get(url, timeout=timeout)).status_code

    yield lambda url, timeout=30: asyncio.run(get(url, timeout))


def by_requests(breaker: CircuitBreaker) -> Iterator[Get]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CircuitBreakerAdapter(breaker))
        yield lambda url, timeout=30: session.get(url, timeout=timeout).status_code


@pytest.fixture(params=[by_httpx, by_async_httpx, by_requests])
def get(request: pytest.FixtureRequest, breaker: CircuitBreaker) -> Iterator[Get]:
    yield from request.param(breaker)


def test_failures_open_and_a_probe_closes(
    get: Get, server: Server, breaker: CircuitBreaker, clock: Clock
) -> None:
    assert get(server.url) == 200
    server.behaviour = 503
    assert [get(server.url) for _ in range(2)] == [503, 503]
    assert breaker.state is CircuitBreakerState.OPEN
    with pytest.raises(CircuitOpenError) as rejected:
        get(server.url)
    assert (rejected.value.name, rejected.value.retry_after) == ("payments", 30.0)
    assert server.hits == 3

    clock.now = 30.0
    server.behaviour = 200
    assert get(server.url) == 200
    assert breaker.state is CircuitBreakerState.CLOSED
    assert get(server.url) == 200


@pytest.mark.parametrize("behaviour", ["reset", "hang"])
def test_what_has_no_answer_is_a_failure(
    get: Get, server: Server, breaker: CircuitBreaker, behaviour: str
) -> None:
    server.behaviour = behaviour
    for _ in range(2):
        with pytest.raises((httpx.TransportError, requests.ConnectionError, requests.Timeout)):
            get(server.url, timeout=0.2)
    assert breaker.state is CircuitBreakerState.OPEN
    assert breaker.metrics().failure_count == 2


def test_a_refused_connection_is_a_failure(get: Get, nobody: str, breaker: CircuitBreaker) -> None:
    for _ in range(2):
        with pytest.raises((httpx.ConnectError, requests.ConnectionError)):
            get(nobody)
    assert breaker.metrics().failure_count == 2


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        (204, "success"),
        (404, "success"),
        (425, "ignored"),
        (429, "failure"),
        (500, "failure"),
        (501, "success"),
    ],
)
def test_statuses_count_as_the_table_says(
    get: Get, server: Server, breaker: CircuitBreaker, status: int, counted: str
) -> None:
    server.behaviour = status
    assert get(server.url) == status
    metrics = breaker.metrics()
    totals = {
        name: getattr(metrics, f"{name}_count")
        for name in ("success", "failure", "ignored", "cancelled")
    }
    assert totals == {**dict.fromkeys(totals, 0), counted: 1}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, 120.0),
        (
            {
                "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
                "Retry-After": "Sun, 06 Nov 1994 08:50:47 GMT",
            },
            70.0,
        ),
        ({"Retry-After": "1"}, 30.0),
        ({"Retry-After": "soon"}, 30.0),
    ],
)
def test_retry_after_makes_the_wait_longer(
    get: Get, server: Server, breaker: CircuitBreaker, headers: dict[str, str], wait: float
) -> None:
    server.behaviour, server.headers = 503, headers
    for _ in range(2):
        get(server.url)
    with pytest.raises(CircuitOpenError) as rejected:
        get(server.url)
    assert rejected.value.retry_after == wait


def test_a_request_that_cannot_be_sent_says_nothing(breaker: CircuitBreaker) -> None:
    client = httpx.Client(transport=CircuitBreakerTransport(breaker))
    with client, pytest.raises(httpx.UnsupportedProtocol):
        client.get("ftp://127.0.0.1/")
    assert breaker.metrics().ignored_count == 1

    malformed = requests.PreparedRequest()
    malformed.prepare_method("GET")
    malformed.prepare_headers({})
    malformed.url = "http:///nowhere"
    with pytest.raises(requests.exceptions.InvalidURL):
        CircuitBreakerAdapter(breaker).send(malformed)
    assert breaker.metrics().ignored_count == 2
    assert breaker.metrics().failure_count == 0


def test_a_cancelled_task_gives_its_slot_back(
    server: Server, breaker: CircuitBreaker, clock: Clock
) -> None:
    server.behaviour = "hang"
    breaker.trip()
    clock.now = 30.0

    async def main() -> None:
        transport = AsyncCircuitBreakerTransport(breaker)
        async with httpx.AsyncClient(transport=transport, timeout=None) as client:
            task = asyncio.ensure_future(client.get(server.url))
            await asyncio.get_running_loop().run_in_executor(None, server.hanging.wait)
            assert breaker.metrics().probes_in_flight == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    metrics = breaker.metrics()
    assert (metrics.probes_in_flight, metrics.cancelled_count, metrics.failure_count) == (0, 1, 0)


def test_a_breaker_for_each_host(server: Server, nobody: str) -> None:
    breakers: dict[int | None, CircuitBreaker] = {}

    def find(request: httpx.Request) -> CircuitBreaker:
        return breakers.setdefault(request.url.port, CircuitBreaker())

    with httpx.Client(transport=CircuitBreakerTransport(find)) as client:
        client.get(server.url)
        with pytest.raises(httpx.ConnectError):
            client.get(nobody)
    assert sorted(it.metrics().failure_count for it in breakers.values()) == [0, 1]


def test_a_breaker_for_each_host_by_requests(server: Server) -> None:
    found: list[str] = []
    breaker = CircuitBreaker()

    def find(request: requests.PreparedRequest) -> CircuitBreaker:
        found.append(str(request.url))
        return breaker

    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", CircuitBreakerAdapter(find, max_retries=0))
        session.get(server.url)
    assert (found, breaker.metrics().success_count) == ([server.url], 1)
