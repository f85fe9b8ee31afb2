// What assert's polyfill asks of Node.

export const process = { env: {}, version: "v20.0.0", stderr: { isTTY: false }, nextTick: queueMicrotask };
