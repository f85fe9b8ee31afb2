"""A real gRPC server on loopback. A request says what to answer, so that the service needs no generated code."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent import futures
from typing import Any

import grpc

SERVICE = "test.Scripted"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


class Scripted:
    """Answers with the status code that a request names, such as "14"; with a pushback, such as "14/500"; "hang"
    waits until the test is over. A stream sends two messages before its status."""

    def __init__(self) -> None:
        self.hits = 0
        self.release = threading.Event()
        self.server = grpc.server(futures.ThreadPoolExecutor(8))
        handlers = {
            kind: getattr(grpc, f"{kind}_rpc_method_handler")(getattr(self, kind)) for kind in KINDS
        }
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, handlers),)
        )
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.release.set()
        self.server.stop(None).wait()

    def _answer(self, script: bytes, context: grpc.ServicerContext) -> bytes:
        self.hits += 1
        if script == b"hang":
            self.release.wait(30)
            script = b"0"
        code, _, pushback = script.decode().partition("/")
        if pushback:
            context.set_trailing_metadata([("grpc-retry-pushback-ms", pushback)])
        if code != "0":
            context.abort(
                next(it for it in grpc.StatusCode if it.value[0] == int(code)), "as asked"
            )
        return b"well"

    def unary_unary(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        return self._answer(request, context)

    def unary_stream(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"
        yield b"two"
        self._answer(request, context)

    def stream_unary(self, requests: Iterable[bytes], context: grpc.ServicerContext) -> bytes:
        return self._answer(b"".join(requests), context)

    def stream_stream(
        self, requests: Iterable[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        return self.unary_stream(b"".join(requests), context)


def method(channel: Any, kind: str) -> Any:
    """The stub of a kind of call."""
    return getattr(channel, kind)(f"/{SERVICE}/{kind}")


def request(kind: str, script: str) -> Any:
    """What is sent for the script."""
    return iter([script.encode()]) if kind.startswith("stream") else script.encode()


def wait_until(settled: Any) -> None:
    """grpc ends calls on a thread of its own; this waits for what follows from it."""
    deadline = time.monotonic() + 10
    while not settled():
        assert time.monotonic() < deadline
        time.sleep(0.001)


__all__ = ["KINDS", "Scripted", "method", "request", "wait_until"]
