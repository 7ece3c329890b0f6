import { defineActionType, partial, snooze } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";

describe("what is stored with a job for its attempts", () => {
  test("is what it was created with, before the first attempt", async () => {
    const { cs, create, name } = await aFloor({ configuration: { crf: 20 }, requires: ["gpu"] });
    const target = { type: "asset", id: "A-17" };
    const job = await create({
      target,
      tags: ["a"],
      owner: "ada",
      variables: { n: 1 },
      configuration: { preset: "x" },
    });
    expect(await cs.jobs.context(job)).toEqual({
      job: {
        id: job.id,
        action: name,
        actionVersion: 1,
        type: name,
        owner: "ada",
        tags: ["a"],
        attempt: 0,
        retries: 0,
      },
      ...{ target, configuration: { crf: 20, preset: "x" }, configurationVersion: 1, variables: { n: 1 } },
      ...{ needs: { capabilities: ["gpu"] }, attempts: [] },
    });
  });

  test("tells of each attempt what it ran with, and what came of it", async () => {
    const { cs, create, stage, work, name } = await aFloor({ retry: { limit: 1, delayMs: 1, jitter: 0 } });
    await work();
    const job = await create({ configuration: { crf: 1 } });
    (await stage.nth(1)).returns(snooze(new Date(0)));
    (await stage.nth(2)).throws(Object.assign(new Error("No space."), { code: "no_space" }));
    const third = await stage.nth(3);
    await third.context.variables.set("seen", true);
    third.throws(Object.assign(new Error("Still none."), { code: "no_space" }));
    await inState(cs, job, "failed");
    await cs.jobs.amend(job, { crf: 2 });
    await cs.jobs.retry(job);
    (await stage.nth(4)).returns(partial("half", [{ message: "no sound" }]));
    await inState(cs, job, "partial");
    await cs.jobs.retry(job);
    const fifth = await stage.nth(5);
    const half = { output: "half", problems: [{ message: "no sound" }] };
    const past = [
      { attempt: 1, configurationVersion: 1, configuration: { crf: 1 }, event: "snooze", result: null, error: null },
      { attempt: 2, configurationVersion: 1, event: "back_off", error: { code: "no_space", message: "No space." } },
      { attempt: 3, configurationVersion: 1, event: "fail", error: { code: "no_space", message: "Still none." } },
      { attempt: 4, configurationVersion: 2, configuration: { crf: 2 }, event: "complete_partly", result: half },
    ];
    const living = await cs.jobs.context(job);
    expect(living).toMatchObject({ configuration: { crf: 2 }, configurationVersion: 2, variables: { seen: true } });
    expect(living).toMatchObject({ job: { attempt: 5, retries: 3 }, attempts: past });
    fifth.returns({ done: true });
    await cs.jobs.wait(job);
    const { attempts } = await cs.jobs.context(job);
    expect(attempts).toMatchObject([...past, { attempt: 5, event: "complete", result: { done: true }, error: null }]);
    for (const { node, startedAt, endedAt } of attempts.slice(1)) {
      expect(node).toBe(name);
      expect(startedAt).toBeInstanceOf(Date);
      expect(endedAt.getTime()).toBeGreaterThanOrEqual(startedAt!.getTime());
    }
  });

  test("names the needs that follow from an amended configuration", async () => {
    const { cs, name } = await aFloor();
    const type = defineActionType({
      ...{ type: `${name}-encode`, version: 1, configuration: z.object({ codec: z.string() }), run: async () => null },
      requires: ({ codec }) => [codec],
    });
    const action = await cs.actions.put({ name: `${name}-encode`, type });
    const job = await cs.jobs.create(action, { configuration: { codec: "a" } });
    await cs.jobs.amend(job, { codec: "b" });
    expect(await cs.jobs.context(job)).toMatchObject({ needs: { capabilities: ["b"] }, configurationVersion: 2 });
  });

  test("of no job is not found", async () => {
    const { cs } = await aFloor();
    const none = "01890000-0000-7000-8000-000000000000";
    expect(await refusal(() => cs.jobs.context(none))).toMatchObject({ code: "job_not_found" });
  });
});
