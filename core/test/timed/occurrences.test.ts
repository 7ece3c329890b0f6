import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloorWith } from "../fixtures/floor.ts";

test("a timed action runs as one job for ever: each occurrence is in its history, with the times it was for", async () => {
  const { cs, name } = await aFloorWith(() => "done", { flags: ["timed"] }, { alone: true });
  const made = await cs.timed.create({ name: "tick", action: name, rule: { kind: "interval", everyMs: 1_000 } });
  expect(made).toMatchObject({ state: "stopped", jobState: "created", nextAt: null, lastOutcome: null });
  const started = await cs.timed.start("tick");
  expect(started).toMatchObject({ state: "started", jobState: "scheduled", jobId: made.jobId });
  expect(started.nextAt!.getTime() % 1_000).toBe(0);
  const twice = async () => {
    const fired = (await cs.timed.occurrences("tick")).filter(({ outcome }) => outcome !== null);
    return fired.length >= 2 ? fired : undefined;
  };
  const fired = await until(twice);
  for (const { instant, firedAt, outcome, kind } of fired) {
    expect(kind).toBe("fired");
    expect(firedAt!.getTime()).toBeGreaterThanOrEqual(instant.getTime());
    expect(outcome).toMatchObject({ state: "completed", error: null, retries: 0 });
  }
  const stopped = await cs.timed.stop("tick");
  expect(stopped).toMatchObject({ state: "stopped", nextAt: null, lastOutcome: { state: "completed" } });
  const lines = await cs.jobs.history(made.jobId);
  expect(lines.filter(({ event }) => event === "rearm").length).toBeGreaterThanOrEqual(2);
  const told = lines.filter(({ event }) => event === "come_due").map(({ data }) => data);
  expect(told[0]).toMatchObject({ occurrence: { fold: 0, timeZone: "UTC", origin: "rule" } });
});
