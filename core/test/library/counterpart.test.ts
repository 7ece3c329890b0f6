import { describe, expect, test } from "vitest";
import { aFloor, aType, type Context, inState, lineOf, refusal } from "../fixtures/floor.ts";

/** Actions `publish` and `unpublish` of one test: what they do stands in `done`. */
async function aStudio(fields: { readonly fails?: boolean; readonly redo?: boolean } = {}) {
  const { cs, name } = await aFloor();
  const seen: { readonly who: string; readonly context: Context }[] = [];
  const state = { fails: fields.fails ?? false };
  const publishing = aType((context) => {
    seen.push({ who: "publish", context });
    return { url: `https://example.org/${context.target?.id}` };
  }, `${name}-publish`);
  const unpublishing = aType((context) => {
    seen.push({ who: "unpublish", context });
    if (state.fails) throw new Error("not now");
  }, `${name}-unpublish`);
  const [publish, unpublish] = [`${name}-publish`, `${name}-unpublish`];
  await cs.actions.put({ name: unpublish, type: unpublishing, configuration: { notify: true } });
  const redo = fields.redo ? { redoAction: publish } : {};
  await cs.actions.put({ name: publish, type: publishing, undoAction: unpublish, ...redo });
  await cs.work({ name, types: [publishing, unpublishing], slots: 2 });
  const target = { type: "asset", id: "A-17" };
  const create = () => cs.jobs.create(publish, { target, configuration: { place: "site" }, variables: { by: "ada" } });
  return { cs, create, seen, state, publish, unpublish, target };
}

describe("a completed job whose action has an undo action", () => {
  test("offers undo, which creates a job of that action on the same target, with the context of the first", async () => {
    const { cs, create, seen, publish, unpublish, target } = await aStudio();
    const first = await cs.jobs.wait(await create());
    expect(first).toMatchObject({ undoAction: unpublish, redoAction: null });
    const made = await cs.as("ada", "withdrawn").jobs.undo(first.id);
    const undone = await cs.jobs.wait(made);
    expect(undone).toMatchObject({ state: "completed", action: unpublish, target, configuration: { notify: true } });
    const undoes = {
      ...{ jobId: first.id, action: publish, attempt: 1, configuration: { place: "site" } },
      ...{ result: { url: "https://example.org/A-17" }, variables: { by: "ada" } },
    };
    expect(undone.variables).toMatchObject({ undoes });
    expect(seen.at(-1)?.context.variables.get("undoes")).toMatchObject(undoes);
    expect(await lineOf(cs, first.id, "undo")).toMatchObject({
      ...{
        actor: "ada",
        reason: "withdrawn",
        from: "completed",
        to: "completed",
        data: { jobId: made.id, action: unpublish },
      },
    });
    expect(await cs.jobs.get(first.id)).toMatchObject({ state: "completed", result: undoes.result });
    expect(await lineOf(cs, made, "create")).toMatchObject({
      ...{ actor: "ada", reason: `It undoes job ${first.id}: withdrawn` },
    });
  });

  test("takes what the caller says of the new job", async () => {
    const { cs, create } = await aStudio();
    const first = await cs.jobs.wait(await create());
    const made = await cs.jobs.undo(first.id, {
      startAt: null,
      configuration: { notify: false },
      variables: { why: "x" },
    });
    expect(await cs.jobs.get(made)).toMatchObject({
      ...{ state: "created", configuration: { notify: false }, variables: { why: "x", undoes: { jobId: first.id } } },
    });
    expect(await lineOf(cs, made, "create")).toMatchObject({ reason: `It undoes job ${first.id}.` });
    expect(await refusal(() => cs.jobs.undo(first.id, { frob: 1 } as never))).toMatchObject({
      code: "invalid_argument",
    });
  });

  test("is undone once, however many ask at the same time", async () => {
    const { cs, create, seen } = await aStudio();
    const first = await cs.jobs.wait(await create());
    const answers = await Promise.allSettled([1, 2, 3, 4].map(() => cs.jobs.undo(first.id)));
    const made = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(made).toHaveLength(1);
    for (const answer of answers)
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "wrong_state" });
    await cs.jobs.wait(made[0]!);
    const again = await refusal(() => cs.jobs.undo(first.id));
    expect(again).toMatchObject({ code: "wrong_state", details: { by: made[0]!.id } });
    expect(again.message).toContain("was undone by job");
    expect(seen.filter(({ who }) => who === "unpublish")).toHaveLength(1);
  });

  test("may be undone again when that failed", async () => {
    const { cs, create, state } = await aStudio({ fails: true });
    const first = await cs.jobs.wait(await create());
    expect((await cs.jobs.wait(await cs.jobs.undo(first.id))).state).toBe("failed");
    state.fails = false;
    expect((await cs.jobs.wait(await cs.jobs.undo(first.id))).state).toBe("completed");
  });

  test("is done again by its redo action, and undone after that", async () => {
    const { cs, create, seen, publish } = await aStudio({ redo: true });
    const first = await cs.jobs.wait(await create());
    await cs.jobs.wait(await cs.jobs.undo(first.id));
    const again = await cs.jobs.wait(await cs.jobs.redo(first.id));
    expect(again).toMatchObject({ action: publish, state: "completed", variables: { redoes: { jobId: first.id } } });
    expect(await refusal(() => cs.jobs.redo(first.id))).toMatchObject({ code: "wrong_state" });
    await cs.jobs.wait(await cs.jobs.undo(first.id));
    expect(seen.map(({ who }) => who)).toEqual(["publish", "unpublish", "publish", "unpublish"]);
  });
});

describe("undo is refused", () => {
  test("while the job has not completed, naming what is legal", async () => {
    const { cs, publish } = await aStudio();
    const job = await cs.jobs.create(publish, { startAt: null });
    const refused = await refusal(() => cs.jobs.undo(job));
    expect(refused).toMatchObject({ code: "wrong_state", details: { state: "created", operation: "undo" } });
    expect(refused.details.legal).not.toContain("undo");
    await cs.jobs.cancel(job);
    await inState(cs, job, "cancelled");
    expect(await refusal(() => cs.jobs.redo(job))).toMatchObject({ code: "no_undo_action" });
    expect(await refusal(() => cs.jobs.undo(job))).toMatchObject({ code: "wrong_state" });
  });

  test("where its action names none, or none that there is", async () => {
    const { cs, create, unpublish } = await aStudio();
    const first = await cs.jobs.wait(await create());
    const undone = await cs.jobs.wait(await cs.jobs.undo(first.id));
    const none = await refusal(() => cs.jobs.undo(undone.id));
    expect(none).toMatchObject({ code: "no_undo_action", message: expect.stringContaining(unpublish) });
    const second = await cs.jobs.wait(await create());
    await cs.actions.disable(unpublish);
    expect(await refusal(() => cs.jobs.undo(second.id))).toMatchObject({ code: "action_disabled" });
    await cs.actions.remove(unpublish);
    expect(await refusal(() => cs.jobs.undo(second.id))).toMatchObject({ code: "unknown_action" });
    expect((await cs.jobs.history(second.id)).map(({ event }) => event)).not.toContain("undo");
    const nobody = "00000000-0000-7000-8000-000000000000";
    expect(await refusal(() => cs.jobs.undo(nobody))).toMatchObject({ code: "job_not_found" });
  });
});
