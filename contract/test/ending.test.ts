import { describe, expect, test } from "vitest";
import { decideEnding, type Ending, type EndingJob, POISON_CRASHES, retryPolicySchema } from "../src/index.ts";

const policy = retryPolicySchema.parse({ limit: 2, delayMs: 100, jitter: 0 });
const failed: Ending = { kind: "failed", error: { code: "handler_failed", message: "no" } };
const lost: Ending = { kind: "lost", error: { code: "node_lost", message: "gone" } };

/** What is left of a job after these ends, each followed by a new start; "by hand": it was failed and retried. */
function after(ends: readonly (Ending | "by hand")[]): EndingJob & { readonly events: readonly string[] } {
  let job: EndingJob = { state: "running", retries: 0, crashes: 0, retryAsked: false, attempt: 1, policy };
  const events: string[] = [];
  for (const end of ends) {
    if (end === "by hand") {
      job = { ...job, retries: job.retries + 1, crashes: 0 };
      continue;
    }
    for (const step of decideEnding(job, end, 0)) {
      events.push(step.event);
      job = { ...job, retries: job.retries + (step.retries ?? 0), crashes: job.crashes + (step.crashes ?? 0) };
    }
  }
  return { ...job, events };
}

describe("deaths of nodes", () => {
  test("are counted apart: they use up no retry of the policy", () => {
    expect(after([lost, lost, failed, failed, failed])).toMatchObject({
      ...{ retries: 2, crashes: 2 },
      events: ["back_off", "back_off", "back_off", "back_off", "fail"],
    });
  });

  test("of which a retry by hand has begun to count anew, use up none after it either", () => {
    const poisoned = after(Array.from({ length: POISON_CRASHES }, () => lost));
    expect(poisoned).toMatchObject({ retries: 0, events: ["back_off", "back_off", "fail"] });
    const again = after([lost, lost, lost, "by hand", lost, failed, failed]);
    expect(again).toMatchObject({ retries: 2, crashes: 1 });
    expect(again.events.slice(3)).toEqual(["back_off", "back_off", "fail"]);
  });
});

describe("the death of a node that its action or type calls a failure", () => {
  const final: Ending = { ...lost, onNodeLost: "fail" };

  test("fails the job at once, and counts as a death", () => {
    expect(after([final])).toMatchObject({ retries: 0, crashes: 1, events: ["fail"] });
  });

  test("does not overrule a person: who asked for a retry gets it, who cancelled is obeyed", () => {
    const job: EndingJob = { state: "timed_out", retries: 0, crashes: 0, retryAsked: true, attempt: 1, policy };
    expect(decideEnding(job, final, 0).map(({ event }) => event)).toEqual(["fail", "retry"]);
    expect(decideEnding({ ...job, state: "cancelling" }, final, 0)).toMatchObject([{ to: "cancelled", crashes: 1 }]);
  });
});

describe("an attempt that somebody declared lost", () => {
  const declared: Ending = { ...lost, isDeclared: true };

  test("fails its job though retries are left, and is no death of a node", () => {
    expect(after([declared])).toMatchObject({ retries: 0, crashes: 0, events: ["fail"] });
  });

  test.each([
    ["while it was being cancelled", { state: "cancelling" }, ["settle"]],
    ["after a retry was asked for", { state: "timed_out", retryAsked: true }, ["fail", "retry"]],
  ] as const)("%s", (_, fields, events) => {
    const job: EndingJob = {
      retries: 0,
      crashes: 0,
      retryAsked: false,
      attempt: 1,
      policy,
      ...fields,
    };
    expect(decideEnding(job, declared, 0).map(({ event }) => event)).toEqual(events);
  });
});
