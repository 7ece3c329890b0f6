import { elsewhere, partial, snooze } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aFarm, goesOn } from "../fixtures/farm.ts";
import { eventsOf, inState, lineOf, refusal } from "../fixtures/floor.ts";
import { aGate } from "../fixtures/world.ts";

describe("work that goes on elsewhere", () => {
  test("takes no slot, keeps its locks and units, and is completed by its token", async () => {
    const { cs, create, tokens, work } = await aFarm({}, { needs: { licence: 1 }, lock: "exclusive" });
    await cs.resources.put("licence", { capacity: 2 });
    const node = await work();
    const target = { type: "asset", id: "A-1" };
    const [first, second] = [await create({ target }), await create({ target })];
    await goesOn(cs, first);
    expect(await cs.jobs.get(first)).toMatchObject({
      ...{ state: "running", node: null, attempt: 1 },
      elsewhere: { handle: { render: first.id }, attempt: 1, polledAt: null, nextPollAt: null, problem: null },
    });
    expect(node.running).toBe(0);
    await inState(cs, second, "waiting_for_lock");
    expect(await cs.resources.get("licence")).toMatchObject({ used: 1, holders: [{ jobId: first.id }] });
    const why = await cs.jobs.explain(first);
    expect(why).toMatchObject({ reason: "elsewhere", details: { elsewhere: { handle: { render: first.id } } } });
    expect(why.sentence).toContain("whoever has its completion token ends it");
    expect(await cs.as("farm").elsewhere.complete(tokens.get(first.id)!, { frames: 25 })).toBe("completed");
    expect(await cs.jobs.wait(first)).toMatchObject({ state: "completed", result: { frames: 25 }, elsewhere: null });
    expect(await eventsOf(cs, first)).toEqual(["create", "elsewhere", "complete"]);
    expect(await lineOf(cs, first, "elsewhere")).toMatchObject({
      node: node.name,
      data: { handle: { render: first.id } },
    });
    expect(await lineOf(cs, first, "complete")).toMatchObject({ actor: "farm", node: null });
    await goesOn(cs, second);
    expect(await cs.elsewhere.complete(second.id)).toBe("completed");
    expect(await cs.jobs.wait(second)).toMatchObject({ state: "completed", result: null });
    expect(await cs.resources.get("licence")).toMatchObject({ used: 0 });
  });

  test("is free to end before its handler has returned: its end waits for that", async () => {
    const gate = aGate();
    const { cs, create, work, tokens } = await aFarm({
      run: async (context) => {
        tokens.set(context.job.id, await context.completionToken());
        expect(await context.completionToken()).toBe(tokens.get(context.job.id));
        await gate.opened;
        return elsewhere(null);
      },
    });
    await work();
    const job = await create();
    await inState(cs, job, "running");
    await expect.poll(() => tokens.get(job.id)).toBeDefined();
    const token = tokens.get(job.id)!;
    expect(await cs.elsewhere.progress(token, 50, "half")).toBe("running");
    expect(await cs.elsewhere.complete(token, "early")).toBe("running");
    expect(await refusal(() => cs.elsewhere.complete(token, "again"))).toMatchObject({ code: "already_ended" });
    expect(await cs.jobs.get(job)).toMatchObject({
      state: "running",
      node: expect.any(String),
      progress: { percent: 50 },
    });
    gate.open();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "early" });
  });

  test("whose handler ends otherwise after all counts no more", async () => {
    const { cs, create, work, tokens } = await aFarm({
      run: async (context) => {
        tokens.set(context.job.id, await context.completionToken());
        return "here";
      },
    });
    await work();
    const job = await create();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "here" });
    const token = tokens.get(job.id)!;
    expect(await refusal(() => cs.elsewhere.complete(token))).toMatchObject({ code: "stale_attempt" });
    expect(await refusal(() => cs.elsewhere.heartbeat(token))).toMatchObject({ code: "stale_attempt" });
    expect(await refusal(() => cs.elsewhere.complete(job.id))).toMatchObject({ code: "wrong_state" });
  });

  test("may succeed in part, or be put off", async () => {
    const { cs, create, work, tokens } = await aFarm();
    await work();
    const [one, other] = [await create(), await create()];
    await goesOn(cs, one);
    await goesOn(cs, other);
    const problems = [{ path: "b.mov", message: "It is damaged." }];
    expect(await cs.elsewhere.complete(tokens.get(one.id)!, partial({ done: ["a.mov"] }, problems))).toBe("partial");
    expect(await cs.jobs.get(one)).toMatchObject({ result: { output: { done: ["a.mov"] }, problems } });
    expect(await cs.elsewhere.complete(tokens.get(other.id)!, snooze(new Date(0)))).toBe("scheduled");
    await goesOn(cs, other);
    expect(await cs.jobs.get(other)).toMatchObject({ attempt: 2, retries: 0 });
    await cs.elsewhere.complete(other.id, "at last");
    expect(await cs.jobs.get(other)).toMatchObject({ state: "completed", result: "at last" });
  });

  test("that fails is undone, then tried again, by another token", async () => {
    const undone: unknown[] = [];
    const { cs, create, work, tokens } = await aFarm(
      {
        run: async (context) => {
          await context.undo("effect", `of ${context.attempt}`);
          tokens.set(`${context.attempt}`, await context.completionToken());
          return elsewhere({ n: context.attempt });
        },
        undo: (data) => undone.push(data),
      },
      { retry: { limit: 1, delayMs: 1, jitter: 0 }, lock: "exclusive" },
    );
    await work();
    const job = await create({ target: { type: "asset", id: "A-2" } });
    await goesOn(cs, job);
    const [first, error] = [tokens.get("1")!, { code: "no_licence", message: "None is left." }];
    expect(await cs.elsewhere.fail(first, error)).toBe("retrying");
    await expect.poll(async () => (await cs.jobs.get(job)).elsewhere?.handle).toEqual({ n: 2 });
    expect(undone).toEqual(["of 1"]);
    const { complete, fail, progress } = {
      complete: () => cs.elsewhere.complete(first),
      fail: () => cs.elsewhere.fail(first, error),
      progress: () => cs.elsewhere.progress(first, 1),
    };
    for (const late of [complete, fail, progress]) expect(await refusal(late)).toMatchObject({ code: "already_ended" });
    expect(await cs.elsewhere.fail(tokens.get("2")!, error)).toBe("failed");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", error, rollback: "done", attempt: 2, retries: 1 });
    expect(undone).toEqual(["of 1", "of 2"]);
    expect(await cs.locks.get({ type: "asset", id: "A-2" })).toMatchObject({ holders: [] });
    const { attempts } = await cs.jobs.context(job);
    expect(attempts).toMatchObject([
      { attempt: 1, error },
      { attempt: 2, error },
    ]);
  });

  test("of two words at the same moment hears the first", async () => {
    const { cs, create, work, tokens } = await aFarm();
    await work();
    const job = await create();
    await goesOn(cs, job);
    const words = ["a", "b", "c", "d"].map((word) => cs.elsewhere.complete(tokens.get(job.id)!, word));
    const answers = await Promise.allSettled(words);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const answer of answers)
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "already_ended" });
    expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "complete"]);
  });
});

describe("a word about work elsewhere", () => {
  test.each([
    ["of a token that nobody gave out", "cst_nobody", "unknown_token"],
    ["of a job that there is not", "00000000-0000-7000-8000-000000000000", "job_not_found"],
    ["of nothing", "", "invalid_argument"],
  ])("%s is refused", async (_, ref, code) => {
    const { cs } = await aFarm();
    expect(await refusal(() => cs.elsewhere.complete(ref))).toMatchObject({ code });
    expect(await refusal(() => cs.elsewhere.heartbeat(ref))).toMatchObject({ code });
  });

  test("that cannot be stored is its caller's mistake, and ends nothing", async () => {
    const { cs, create, work, tokens } = await aFarm();
    await work();
    const job = await create();
    await goesOn(cs, job);
    const token = tokens.get(job.id)!;
    const refused = [
      ...[
        await refusal(() => cs.elsewhere.complete(token, { a: 1n })),
        await refusal(() => cs.elsewhere.complete(token, "\0")),
      ],
      await refusal(() => cs.elsewhere.complete(token, elsewhere(1))),
      await refusal(() => cs.elsewhere.complete(token, snooze(new Date("never")))),
      await refusal(() => cs.elsewhere.fail(token, {} as { message: string })),
      await refusal(() => cs.elsewhere.progress(token, Number.NaN)),
    ];
    expect(refused.map(({ code }) => code)).toEqual([
      ...[
        "unstorable_result",
        "unstorable_result",
        "invalid_argument",
        "invalid_argument",
        "invalid_argument",
        "invalid_argument",
      ],
    ]);
    expect((await cs.jobs.get(job)).state).toBe("running");
    await cs.elsewhere.complete(token);
  });

  test("is no longer heard once its attempt was declared lost", async () => {
    const { cs, create, work, tokens } = await aFarm({}, { lock: "exclusive" });
    await work();
    const job = await create({ target: { type: "asset", id: "A-3" } });
    await goesOn(cs, job);
    expect((await cs.locks.list({ jobId: job.id })).map(({ key }) => key)).toEqual(["asset/a-3"]);
    await cs.as("ada").jobs.declareLost(job, { reason: "the farm burned down" });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "failed", error: { code: "node_lost" }, elsewhere: null });
    expect(await refusal(() => cs.elsewhere.complete(tokens.get(job.id)!))).toMatchObject({ code: "already_ended" });
    expect(await cs.locks.get({ type: "asset", id: "A-3" })).toMatchObject({ holders: [] });
  });
});

describe("an attempt cannot live elsewhere", () => {
  test.each([
    ["that has published something", "publish_refused"],
    ["whose handle is too large", "unstorable_result"],
    ["whose handle is no JSON", "unstorable_result"],
  ])("%s: it fails", async (how, code) => {
    const { cs, create, work } = await aFarm({
      run: async ({ workspace, publish }) => {
        if (how.endsWith("no JSON")) return elsewhere(1n as never);
        if (how.endsWith("too large")) return elsewhere("x".repeat(70_000));
        const { writeFile } = await import("node:fs/promises");
        const directory = await workspace();
        await writeFile(`${directory}/made`, "x");
        await publish("made", `${directory}-made`);
        return elsewhere(1);
      },
    });
    await work();
    expect(await cs.jobs.wait(await create())).toMatchObject({ state: "failed", error: { code } });
  });
});
