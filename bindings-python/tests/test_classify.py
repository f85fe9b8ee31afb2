"""The tables of HTTP, gRPC and transport errors are the core's."""

import json
import pathlib

import pytest

from k1s0_circuit_breaker import Outcome
from k1s0_circuit_breaker.classify import (
    grpc_retry_pushback,
    grpc_status,
    http_status,
    retry_after,
    transport_error,
)

CONSTANTS = json.loads(
    (pathlib.Path(__file__).resolve().parents[2] / "conformance" / "constants.json").read_text()
)


def test_http():
    for outcome, ranges in CONSTANTS["http_status"].items():
        for first, last in ranges:
            for status in range(first, last + 1):
                assert http_status(status) is Outcome(outcome), status
    for status in (-1, 1000, 65536 + 200, 2**40):
        assert http_status(status) is Outcome.FAILURE


def test_grpc():
    for known in CONSTANTS["grpc_status"]:
        assert grpc_status(known["code"]) is Outcome(known["outcome"])
    assert grpc_status(2**32) is Outcome.FAILURE


def test_transport_errors():
    for known in CONSTANTS["transport_errors"]:
        assert transport_error(known["name"]) is Outcome(known["outcome"])
    with pytest.raises(ValueError, match="is no transport error"):
        transport_error("weather")


def test_names_are_core_s():
    assert [outcome.value for outcome in Outcome] == [it["name"] for it in CONSTANTS["outcomes"]]


def test_retry_after():
    assert retry_after(503, "120") == 120.0
    assert retry_after(429, " 7 ", "whenever") == 7.0
    until, date = "Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"
    assert retry_after(503, until, date) == 60.0
    for nothing in (
        (503, None),
        (500, "120"),
        (503, "soon"),
        (503, until),
        (503, date, until),
        (-1, "1"),
    ):
        assert retry_after(*nothing) is None, nothing


def test_grpc_retry_pushback():
    assert grpc_retry_pushback("1500") == 1.5
    assert grpc_retry_pushback("-1") is None
    assert grpc_retry_pushback("") is None
