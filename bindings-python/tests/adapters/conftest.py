"""A real HTTP server on loopback that does what a test tells it to."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig


class Server(ThreadingHTTPServer):
    """Answers each request as `behaviour` says: a status, "hang" or "reset"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour: int | str = 200
        self.headers: dict[str, str] = {}
        self.hits = 0
        #: Set when a request hangs; and what lets it go on.
        self.hanging = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server
    # One request each: a connection that is kept would hide a reset.
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.server.hits += 1
        behaviour = self.server.behaviour
        if behaviour == "hang":
            self.server.hanging.set()
            self.server.release.wait(30)
        elif behaviour == "reset":
            # Closed with a zero linger: the other side sees a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            assert isinstance(behaviour, int)
            self.send_response_only(behaviour)
            for name, value in self.server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            pass  # Reset, as told to.

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    it = Server()
    thread = threading.Thread(target=it.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield it
    it.release.set()
    it.shutdown()
    thread.join()
    it.server_close()


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{it.getsockname()[1]}/"


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    """Two failures open it for 30 seconds, one probe closes it."""
    config = CircuitBreakerConfig(failure_threshold=2, success_threshold=1, open_duration=30.0)
    return CircuitBreaker(config, name="payments", clock=clock)
