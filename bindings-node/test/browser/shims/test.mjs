// The little of `node:test` that the suite uses, in a page.

const tests = [];
const afters = [];

export function test(name, ...rest) {
  tests.push({ name, body: rest.at(-1) });
}

export function after(body) {
  afters.push(body);
}

/** What a test is handed. */
function context(restores) {
  return {
    mock: {
      method(object, name, implementation) {
        const calls = [];
        const real = object[name];
        object[name] = (...values) => {
          calls.push({ arguments: values });
          return implementation(...values);
        };
        restores.push(() => (object[name] = real));
        return { mock: { calls, callCount: () => calls.length } };
      },
    },
  };
}

/** Runs what has been collected, one after the other; answers the sums. */
export async function run(say) {
  let passed = 0;
  let failed = 0;
  const one = async (name, body) => {
    const restores = [];
    try {
      await body(context(restores));
      passed += 1;
    } catch (error) {
      failed += 1;
      say(`FAILED ${name}\n${error?.stack ?? error}`);
    } finally {
      restores.forEach((restore) => restore());
    }
  };
  for (const { name, body } of tests) {
    await one(name, body);
  }
  const passedTests = passed;
  for (const body of afters) {
    await one("after", body);
  }
  return { passed: passedTests, failed };
}
