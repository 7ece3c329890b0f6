import { RETRY_ONLY, type RetryOnly } from "@callsheet/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aGroup, expectSound, type JobPlan } from "../../src/testing/index.ts";
import { refusal } from "../fixtures/floor.ts";
import { aCrew } from "./crew.ts";

/** All that a member may be when its group is retried. */
const KINDS = [
  { state: "created" },
  { state: "pending" },
  { state: "running" },
  { state: "timed_out" },
  { state: "retrying" },
  { state: "paused" },
  { state: "partial" },
  { state: "completed" },
  { state: "cancelled" },
  { state: "failed", error: { code: "disk_full", message: "No room." } },
  { state: "failed", error: { code: "timed_out", message: "Too long." } },
  { state: "failed", rollback: "required" },
] as const satisfies readonly JobPlan[];
type Kind = (typeof KINDS)[number];

/** What the retry makes of a member: it begins anew, is remembered to, or is left alone. */
function fateOf(kind: Kind, only: RetryOnly): "again" | "remembered" | "left" {
  if (only === "timed_out" && kind.state === "timed_out") return "remembered";
  const hasFailed = (kind.state === "failed" && !("rollback" in kind)) || kind.state === "partial";
  const isAsked = only === "failed" || ("error" in kind && kind.error.code === "timed_out");
  return hasFailed && isAsked ? "again" : "left";
}

const groups = fc.record({
  kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 7 }),
  asked: fc.constantFrom(undefined, ...RETRY_ONLY),
  isClosed: fc.boolean(),
});

test("whatever its members are, a retry of their group begins those anew that it is about, and leaves all others as they are", async () => {
  const { cs, database } = await aCrew();
  await fc.assert(
    fc.asyncProperty(groups, async ({ kinds, asked, isClosed }) => {
      const { id, members } = await aGroup(database, kinds);
      if (isClosed) await cs.groups.close(id);
      const { state, generation, isSettled } = await cs.groups.get(id);
      const only = asked ?? (state === "timed_out" ? "timed_out" : "failed");
      const before = await Promise.all(members.map((member) => cs.jobs.get(member)));
      const fates = kinds.map((kind) => fateOf(kind, only));
      const count = fates.filter((fate) => fate !== "left").length;

      const retry = () => cs.groups.retry(id, asked === undefined ? {} : { only: asked });
      if (count > 0) expect(await retry()).toBe(count);
      else expect(await refusal(retry)).toMatchObject({ code: "wrong_state" });

      for (const [n, was] of before.entries()) {
        const is = await cs.jobs.get(was);
        if (fates[n] === "again")
          expect(is).toMatchObject({ state: "pending", retries: was.retries + 1, endedAt: null });
        else expect(is).toEqual(was);
        const { sentence } = await cs.jobs.explain(was);
        expect(sentence.includes("The retry that was asked for")).toBe(fates[n] === "remembered");
      }
      const isReopened = isSettled && fates.includes("again");
      expect((await cs.groups.get(id)).generation).toBe(generation + Number(isReopened));
    }),
    { numRuns: 30 },
  );
  await expectSound(database);
}, 120_000);
