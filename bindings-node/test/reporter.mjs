// What the runner prints: what failed, what tests print, and the sums that `cargo xtask test` counts.

export default async function* reporter(source) {
  for await (const { type, data } of source) {
    switch (type) {
      case "test:fail":
        yield `FAILED ${data.name}\n${shown(data.details.error)}\n`;
        break;
      case "test:stdout":
      case "test:stderr":
        yield data.message;
        break;
      case "test:diagnostic":
        if (data.nesting === 0 && /^(pass|fail|cancelled|skipped) \d+$/.test(data.message)) {
          yield `# ${data.message}\n`;
        }
        break;
    }
  }
}

function shown(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause).replace(/^/gm, "    ");
}
