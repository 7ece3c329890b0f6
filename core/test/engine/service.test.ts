import { expect, onTestFinished, test } from "vitest";
import { startService } from "../../src/engine/service.ts";
import { aServiceTime, settle } from "../fixtures/service-time.ts";

const EVERY_MS = 1_000;

/** A service at a time that the test moves. `rounds` notes when each round was, and whether it was a usual one. */
function aService(answers: readonly (number | null | Error)[], random = 0) {
  const { now, timers, dueAt, moveTo } = aServiceTime();
  const rounds: (readonly [at: number, isUsual: boolean])[] = [];
  const service = startService({
    ...{ name: "test", everyMs: EVERY_MS, log: { error: () => {} } },
    environment: { now, monotonic: now, random: () => random, timers: timers as never },
    round: async (isUsual) => {
      const answer = answers[rounds.length] ?? null;
      rounds.push([now(), isUsual]);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  onTestFinished(() => service.stop());
  /** Lets the next round come in its time. */
  const next = () => moveTo(dueAt()!);
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
