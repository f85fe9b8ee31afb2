// Imports what the page is to run, runs it, and reports to the server line by line.

const words = [];
const say = (line) => words.push(line);
const { log } = console;
console.log = (...values) => {
  say(values.join(" "));
  log(...values);
};

let sums = { passed: 0, failed: 1 };
try {
  const { run } = await globalThis.load();
  sums = await run(say);
} catch (error) {
  say(`FAILED to load\n${error?.stack ?? error}`);
}
await fetch("/report", { method: "POST", body: JSON.stringify({ words, ...sums }) });
