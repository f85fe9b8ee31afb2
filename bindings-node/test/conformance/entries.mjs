// The ways into a breaker. Each holds calls open, as a scenario's permits are, and ends them as it is told.

import assert from "node:assert/strict";

/** A failure. */
export class Ordinary extends Error {}
/** Says nothing of the service. */
export class Business extends Error {}
/** The caller gave up. */
export class Cancelled extends Error {}

/** What a guarded function throws so that its call ends so. */
const THROWS = {
  failure: () => new Ordinary(),
  panic: () => new TypeError("unexpected"),
  ignored: () => new Business(),
  cancelled: () => new Cancelled(),
  cancel: () => new Cancelled(),
};

const OUTCOME = new Map([
  [Ordinary, "failure"],
  [Business, "ignored"],
  [Cancelled, "cancelled"],
]);

/** What every breaker of the suite is made with. */
export function classifyError(error) {
  const outcome = OUTCOME.get(error.constructor);
  return error.retryAfterMs === undefined ? outcome : { outcome, retryAfterMs: error.retryAfterMs };
}

function thrown(outcome, retryAfterMs) {
  const error = THROWS[outcome]();
  if (retryAfterMs !== undefined) {
    error.retryAfterMs = retryAfterMs;
  }
  return error;
}

/** Sees that what the function did came back unchanged. `run` answers what it answers. */
async function endsAs(result, token, run) {
  let error;
  try {
    const found = await run();
    assert.equal(result, "success");
    assert.equal(found, token);
    return;
  } catch (caught) {
    error = caught;
  }
  if (error !== token) {
    throw error;
  }
  assert.notEqual(result, "success");
}

/** What a whole call comes to: a value to return, or an error to throw. */
function ending(result) {
  return result === "success" ? {} : THROWS[result]();
}

function end(token) {
  if (token instanceof Error) {
    throw token;
  }
  return token;
}

/** `acquire()` and a permit's own methods. */
export class Permits {
  held = new Map();

  constructor(breaker) {
    this.breaker = breaker;
  }

  begin() {
    return this.breaker.acquire();
  }

  acquire(name) {
    this.held.set(name, this.begin());
  }

  settle(name, outcome, retryAfterMs) {
    const permit = this.held.get(name);
    switch (outcome) {
      case "success":
        return permit.success();
      case "failure":
        return permit.failure(retryAfterMs === undefined ? undefined : { retryAfterMs });
      case "ignored":
        return permit.ignore();
      default:
        return permit.cancel();
    }
  }

  drop(name) {
    this.held.get(name)[Symbol.dispose]();
  }

  call(result, meanwhile) {
    const token = ending(result);
    const permit = this.begin();
    return endsAs(result, token, () => {
      meanwhile();
      const outcome = result === "panic" ? "failure" : result === "cancel" ? "cancelled" : result;
      if (outcome !== "cancelled") {
        this.settleIt(permit, outcome);
      }
      permit[Symbol.dispose]();
      return end(token);
    });
  }

  settleIt(permit, outcome) {
    assert.equal(permit.settled, false);
    permit.settle(outcome);
    assert.equal(permit.settled, true);
  }
}

/** `acquire()`, and `settle()` with an outcome's name. */
export class Settle extends Permits {
  settle(name, outcome, retryAfterMs) {
    const options = retryAfterMs === undefined ? {} : { retryAfterMs };
    return this.held.get(name).settle(outcome, options);
  }
}

/** `await breaker.call(function)`; a held call is one whose promise is pending. */
export class Call {
  held = new Map();

  constructor(breaker) {
    this.breaker = breaker;
  }

  start(fn) {
    return { promise: this.breaker.call(() => fn()) };
  }

  async acquire(name) {
    let finish;
    const inside = new Promise((resolve, reject) => (finish = { resolve, reject }));
    let ran = false;
    const { promise, abort } = this.start(() => {
      ran = true;
      return inside;
    });
    if (!ran) {
      await promise;
      assert.fail("neither ran nor rejected");
    }
    promise.catch(() => {});
    this.held.set(name, { promise, finish, abort });
  }

  async settle(name, outcome, retryAfterMs) {
    const held = this.held.get(name);
    this.held.delete(name);
    if (held === undefined) {
      return;
    }
    const token = outcome === "success" ? {} : thrown(outcome, retryAfterMs);
    if (token instanceof Cancelled && held.abort) {
      held.abort(token);
    } else if (token instanceof Error) {
      held.finish.reject(token);
    } else {
      held.finish.resolve(token);
    }
    await endsAs(outcome, token, () => held.promise);
  }

  drop(name) {
    return this.settle(name, "cancelled");
  }

  call(result, meanwhile) {
    const token = ending(result);
    return endsAs(result, token, () => {
      const { promise } = this.start(async (abort) => {
        meanwhile();
        if (token instanceof Cancelled && abort) {
          abort(token);
        }
        return end(token);
      });
      return promise;
    });
  }
}

/** `breaker.wrap(function)`, with arguments and a `this`. */
export class Wrap extends Call {
  start(fn) {
    const self = {};
    const wrapped = this.breaker.wrap(async function (one, two) {
      assert.equal(this, self);
      assert.deepEqual([one, two], [1, 2]);
      return await fn();
    });
    return { promise: wrapped.call(self, 1, 2) };
  }
}

/** `breaker.call(function, { signal })`; who gives up, aborts. */
export class Signal extends Call {
  start(fn) {
    const controller = new AbortController();
    const abort = (reason) => controller.abort(reason);
    const promise = this.breaker.call(
      (signal) => {
        assert.equal(signal, controller.signal);
        return fn(abort);
      },
      { signal: controller.signal },
    );
    return { promise, abort };
  }
}

/**
 * `breaker.callSync(function)`. What a scenario does while the call is held, it does inside of the function; so it must
 * end the calls that it holds in the reverse order.
 */
export class CallSync {
  static isSync = true;
  held = new Map();

  constructor(breaker) {
    this.breaker = breaker;
  }

  run(fn) {
    return this.breaker.callSync(fn);
  }

  /** `meanwhile` plays on, and answers how this call ends. */
  hold(meanwhile) {
    let token;
    let outcome;
    const run = () => {
      let retryAfterMs;
      ({ outcome, retryAfterMs } = meanwhile());
      token = outcome === "success" ? {} : thrown(outcome, retryAfterMs);
      return end(token);
    };
    try {
      assert.equal(this.run(run), token);
    } catch (error) {
      if (error !== token) {
        throw error;
      }
    }
  }

  call(result, meanwhile) {
    const token = ending(result);
    try {
      const found = this.run(() => {
        meanwhile();
        return end(token);
      });
      assert.equal(found, token);
      assert.equal(result, "success");
    } catch (error) {
      if (error !== token) {
        throw error;
      }
    }
  }
}

/** `breaker.wrapSync(function)`. */
export class WrapSync extends CallSync {
  run(fn) {
    return this.breaker.wrapSync((one, ...rest) => {
      assert.deepEqual([one, ...rest], ["one", "two"]);
      return fn();
    })("one", "two");
  }
}

export const ENTRIES = {
  permits: Permits,
  settle: Settle,
  call: Call,
  wrap: Wrap,
  signal: Signal,
  callSync: CallSync,
  wrapSync: WrapSync,
};
