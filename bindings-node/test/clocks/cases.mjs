// What a test of a user's does with fake timers, the same in every test library: `fake` begins it, `real` ends it.

import { CircuitBreaker } from "@k1s0/circuit-breaker";

function opened() {
  const breaker = new CircuitBreaker({ failureThreshold: 1, timeoutMs: 60, successThreshold: 1 });
  breaker.recordFailure();
  return breaker;
}

export function cases({ test, expect, fake, advance, real, setTime }) {
  const faked = (name, body) =>
    test(name, async () => {
      try {
        await body();
      } finally {
        real();
      }
    });

  faked("an open breaker is half-open after its wait", () => {
    fake();
    const breaker = opened();
    expect(breaker.state).toBe("open");
    advance(59);
    expect(breaker.state).toBe("open");
    advance(1);
    expect(breaker.state).toBe("half-open");
  });

  faked("also one that was opened before the timers were faked", () => {
    const breaker = opened();
    fake();
    expect(breaker.state).toBe("open");
    advance(60);
    expect(breaker.state).toBe("half-open");
  });

  faked("a probe closes it, and a failed one opens it for another wait", async () => {
    fake();
    const breaker = opened();
    advance(60);
    await expect(breaker.call(async () => 5)).resolves.toBe(5);
    expect(breaker.state).toBe("closed");
    breaker.recordFailure();
    advance(60);
    await expect(breaker.call(() => Promise.reject(new Error("sick")))).rejects.toThrow("sick");
    expect(breaker.state).toBe("open");
    expect(breaker.metrics().remainingWaitMs).toBe(60);
  });

  faked("one that was opened while time was faked goes on in real time", async () => {
    fake();
    const breaker = opened();
    advance(30);
    real();
    expect(breaker.state).toBe("open");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(breaker.state).toBe("half-open");
  });

  faked("a date that is set moves time on from what was seen", () => {
    fake();
    setTime(new Date("2030-01-01T00:00:00Z"));
    const breaker = opened();
    advance(59);
    expect(breaker.state).toBe("open");
    advance(1);
    expect(breaker.state).toBe("half-open");
  });

  faked("faking twice, at any fraction of a millisecond", () => {
    for (let round = 0; round < 200; round += 1) {
      fake();
      const breaker = opened();
      real();
      fake();
      advance(60);
      expect(breaker.state).toBe("half-open");
      real();
    }
  });
}
