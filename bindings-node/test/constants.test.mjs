// What `conformance/constants.json` says of this package: the tables, and the words.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  classifyGrpcStatus,
  classifyHttpStatus,
  classifyTransportError,
} from "@k1s0/circuit-breaker";

import { read } from "./conformance/suite.mjs";

const constants = read("constants.json");
const words = await import(new URL("./outcome.js", import.meta.resolve("@k1s0/circuit-breaker")));
const names = (list) => list.map(({ name }) => name);

test("words stand at their numbers", () => {
  for (const list of ["states", "outcomes", "effects", "reject_reasons"]) {
    constants[list].forEach(({ number }, index) => assert.equal(number, index));
  }
  assert.deepEqual(words.STATE_NAMES, names(constants.states));
  assert.deepEqual(
    words.STATES.map((state) => state.replace("-", "_")),
    constants.states.map(({ label }) => label),
  );
  assert.deepEqual(words.OUTCOMES, names(constants.outcomes));
  assert.deepEqual(words.EFFECTS, names(constants.effects));
  assert.deepEqual(words.REJECT_REASONS, names(constants.reject_reasons));
  assert.deepEqual(words.REASONS, constants.reasons);
});

test("HTTP statuses", () => {
  for (const [outcome, ranges] of Object.entries(constants.http_status)) {
    for (const [first, last] of ranges) {
      for (let status = first; status <= last; status += 1) {
        assert.equal(classifyHttpStatus(status), outcome, `${status}`);
      }
    }
  }
  assert.equal(classifyHttpStatus(200 + 65_536), "failure");
});

test("gRPC statuses and transport errors", () => {
  for (const { code, outcome } of constants.grpc_status) {
    assert.equal(classifyGrpcStatus(code), outcome, `${code}`);
  }
  for (const { name, outcome } of constants.transport_errors) {
    assert.equal(classifyTransportError(name), outcome, name);
  }
});
