// CPU time per call: the process's, so that the collector's threads are in it. Rounds go over all variants, so that what
// else the machine does falls on all; each variant has a loop of its own, which is compiled for it alone.

const loop = () =>
  new Function("call", "times", "return (async () => { while (times-- > 0) await call(); })()");
const catching = () =>
  new Function(
    "call",
    "times",
    "return (async () => { while (times-- > 0) try { await call(); } catch {} })()",
  );

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};

/** Nanoseconds per call by name: of the whole call, and net of the first one's in the same round. */
export async function measure(variants, { rounds, times, rejecting = false }) {
  const running = Object.entries(variants).map(([name, call]) => ({
    name,
    call,
    run: rejecting ? catching() : loop(),
    gross: [],
    net: [],
  }));
  for (let round = -1; round < rounds; round += 1) {
    let bare = 0;
    for (const [index, it] of running.entries()) {
      const before = cpu();
      await it.run(it.call, times);
      const gross = (cpu() - before) / times;
      bare = index === 0 ? gross : bare;
      // The first round is for the compiler.
      if (round >= 0) {
        it.gross.push(gross);
        it.net.push(gross - bare);
      }
    }
  }
  return Object.fromEntries(
    running.map(({ name, gross, net }) => [name, { gross: median(gross), net: median(net) }]),
  );
}
