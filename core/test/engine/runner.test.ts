import { expect, test } from "vitest";
import type { HandlerEnd } from "../../src/engine/outcome.ts";
import { createRunner, type Ready, type RunnerOptions } from "../../src/engine/runner.ts";
import { systemEnvironment } from "../../src/index.ts";

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
