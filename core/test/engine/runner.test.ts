import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { z } from "zod";
import type { HandlerEnd } from "../../src/engine/outcome.ts";
import { createRunner, type Ready, type RunnerOptions } from "../../src/engine/runner.ts";
import { defineActionType, systemEnvironment } from "../../src/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (how?: { readonly type: "minor" }) => void;

test("a job of a type whose code is not here fails with unknown_action_type, and leaves its slot", async () => {
  const part = { environment: systemEnvironment() };
  const end = await new Promise<HandlerEnd>((resolve) => {
    const runner = createRunner({
      ...{ part, slots: () => 1, types: [], host: {}, onBegin: () => {} },
      onEnd: (_attempt: unknown, _size: number, ended: HandlerEnd) =>
        resolve({ ...ended, free: runner.free } as HandlerEnd),
    } as unknown as RunnerOptions);
    runner.start({
      ...{ claimed: { id: "j", configuration: {} }, version: { definition: { type: "film.develop" } } },
      ...{ owner: "ada", size: 1, claimedAt: 0 },
    } as unknown as Ready);
  });
  expect(end).toMatchObject({
    free: 1,
    ending: {
      kind: "failed",
      error: { code: "unknown_action_type", message: 'This node does not know action type "film.develop".' },
    },
  });
});

test("what has ended is gone with the next small collection, however old the runner is", async () => {
  let ended = 0;
  const type = defineActionType({ type: "film.develop", version: 1, configuration: z.unknown(), run: async () => {} });
  const runner = createRunner({
    ...{ part: { environment: systemEnvironment() }, slots: () => 100, types: [type], host: {}, onBegin: () => {} },
    onEnd: () => void ended++,
  } as unknown as RunnerOptions);
  const start = (id: string) =>
    runner.start({
      ...{ claimed: { id, configuration: new Array(1_000).fill(0) }, version: { definition: { type: type.type } } },
      ...{ owner: "ada", size: 1, claimedAt: 0 },
    } as unknown as Ready);
  const run = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      for (let n = 0; n < 100; n++) start(`${round} ${n}`);
      await new Promise(setImmediate);
      if (round % 5 === 0) collect({ type: "minor" });
    }
    collect({ type: "minor" });
    return getHeapSpaceStatistics().reduce((sum, space) => sum + space.space_used_size, 0);
  };

  await run(20);
  collect();
  const before = await run(20);
  // What these hold beside each other is 160 MB.
  expect((await run(200)) - before).toBeLessThan(16_000_000);
  expect([ended, runner.free]).toEqual([24_000, 100]);
});
