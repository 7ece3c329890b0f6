import { expect, onTestFinished, test } from "vitest";
import { startService } from "../../src/engine/service.ts";

const EVERY_MS = 1_000;

/** A service at a time that the test moves. `rounds` notes when each round was, and whether it was a usual one. */
function aService(answers: readonly (number | null | Error)[], random = 0) {
  let now = 0;
  let due: { readonly at: number; readonly call: () => void } | undefined;
  const rounds: (readonly [at: number, isUsual: boolean])[] = [];
  const after = (ms: number, call: () => void) => {
    const timer = { at: now + ms, call };
    due = timer;
    const cancel = () => {
      if (due === timer) due = undefined;
    };
    return { cancel };
  };
  const timers = { after, soon: (call: () => void) => void after(0, call) } as never;
  const service = startService({
    ...{ name: "test", everyMs: EVERY_MS, log: { error: () => {} } },
    environment: { now: () => now, monotonic: () => now, random: () => random, timers },
    round: async (isUsual) => {
      const answer = answers[rounds.length] ?? null;
      rounds.push([now, isUsual]);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  onTestFinished(() => service.stop());
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  /** Lets the next round come in its time. */
  const next = async () => {
    const { at, call } = due!;
    due = undefined;
    now = at;
    call();
    await settle();
  };
  const wake = async () => {
    service.wake();
    await settle();
  };
  return { rounds, next, wake };
}

test("a round is a usual one when nobody woke the service, and the round before asked for none", async () => {
  const { rounds, next, wake } = aService([null, null, 5, null, new Error("away"), null]);
  for (let n = 0; n < 5; n++) await next();
  await next();
  await wake();
  await next();
  expect(rounds.map(([, isUsual]) => isUsual)).toEqual([false, true, true, false, true, false, false, true]);
});

test.each([
  [0, EVERY_MS],
  [0.5, EVERY_MS * 0.875],
  [1, EVERY_MS * 0.75],
])("with chance at %d a usual round comes after %d ms", async (random, waitMs) => {
  const { rounds, next } = aService([null, 5], random);
  for (let n = 0; n < 3; n++) await next();
  expect(rounds.map(([at]) => at)).toEqual([0, waitMs, waitMs + 5]);
});
