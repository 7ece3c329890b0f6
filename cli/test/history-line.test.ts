import type { HistoryEntry } from "@callsheet/contract";
import { expect, it } from "vitest";
import { historyLine } from "../src/history-line.ts";
import { aJob } from "./a-job.ts";
import { anEntry } from "./an-entry.ts";

const entry = (at: number, event: HistoryEntry["event"], to: HistoryEntry["to"], given: Partial<HistoryEntry> = {}) =>
  anEntry({ at: new Date(at), event, to, ...given });

it("names the states that were passed, with the time since the first where it is known", () => {
  const data = { startedAt: new Date(1_030).toISOString() };
  const history = [
    entry(1_000, "create", "pending"),
    entry(3_500, "complete", "completed", { via: ["queued", "running"], data }),
  ];
  expect(historyLine(aJob({ state: "completed" }), history)).toBe(
    "pending → queued → running +30 ms → completed +2.5 s · attempt 1 on here",
  );
});

it("says what went wrong, harmlessly", () => {
  const history = [entry(0, "create", "pending"), entry(5, "start", "running"), entry(9, "fail", "failed")];
  const error = { code: "not_media", message: 'no\u001b[2J\n"film"' };
  expect(historyLine(aJob({ state: "failed", attempt: 2, error }), history)).toBe(
    'pending → running +5 ms → failed +9 ms · attempt 2 on here · not_media: no\\u{1b}[2J\\n"film"',
  );
});

it("leaves out attempts of a job that never began", () => {
  const job = aJob({ state: "waiting_for_lock", attempt: 0, node: null });
  expect(historyLine(job, [entry(0, "create", "pending"), entry(0, "block", "waiting_for_lock")])).toBe(
    "pending → waiting for lock",
  );
});
