import type { HistoryEntry } from "@callsheet/contract";
import { describe, expect, it } from "vitest";
import { attemptsOf } from "../../src/demo/attempts.ts";
import { anEntry } from "../an-entry.ts";
import { at } from "../report/a-report.ts";

type Line = Partial<HistoryEntry> & Pick<HistoryEntry, "event" | "to">;
const history = (...lines: readonly (Line & { readonly ms: number })[]): readonly HistoryEntry[] =>
  lines.map(({ ms, ...line }, index) => anEntry({ seq: index + 1, ...line, at: at(ms) }));
const startedAt = (ms: number) => ({ startedAt: at(ms).toISOString() });
const created = { ms: 0, event: "create", to: "pending" } as const;

describe("the attempts of a history", () => {
  it("are one, when a single line tells that a job began and completed", () => {
    const line = { ms: 90, event: "complete", from: "pending", via: ["queued", "running"], to: "completed" } as const;
    expect(attemptsOf(history(created, { ...line, data: startedAt(20) }))).toEqual([
      {
        number: 1,
        waitedFrom: at(0),
        startedAt: at(20),
        overranAt: null,
        endedAt: at(90),
        state: "completed",
        error: null,
      },
    ]);
  });

  it("are two after a retry, which waits since it was asked for; the first keeps its error", () => {
    const error = { code: "file_not_found", message: "There is no file." };
    const attempts = attemptsOf(
      history(
        created,
        { ms: 10, event: "start", from: "pending", to: "running", data: startedAt(8) },
        { ms: 20, event: "fail", from: "running", to: "failed", data: { error, startedAt: at(8).toISOString() } },
        { ms: 30, event: "amend", from: "failed", to: "failed" },
        { ms: 40, event: "retry", from: "failed", to: "pending" },
        { ms: 70, event: "complete", from: "pending", via: ["running"], to: "completed", data: startedAt(50) },
      ),
    );
    expect(attempts).toMatchObject([
      { number: 1, waitedFrom: at(0), startedAt: at(8), endedAt: at(20), state: "failed", error },
      { number: 2, waitedFrom: at(40), startedAt: at(50), endedAt: at(70), state: "completed", error: null },
    ]);
  });

  it("tell when a time-out passed, and that the attempt went on", () => {
    const attempts = attemptsOf(
      history(
        created,
        { ms: 10, event: "start", from: "pending", to: "running", data: startedAt(10) },
        { ms: 410, event: "overrun", from: "running", to: "timed_out" },
        { ms: 900, event: "complete", from: "timed_out", to: "completed", data: startedAt(10) },
      ),
    );
    expect(attempts).toMatchObject([{ overranAt: at(410), endedAt: at(900), state: "completed" }]);
  });

  it("leave out what was taken and handed back before it began", () => {
    const attempts = attemptsOf(
      history(
        created,
        { ms: 10, event: "start", from: "pending", to: "running", data: startedAt(5) },
        { ms: 10, event: "hand_back", from: "running", to: "queued" },
        { ms: 60, event: "start", from: "queued", to: "running", data: startedAt(50) },
      ),
    );
    expect(attempts).toMatchObject([{ number: 1, waitedFrom: at(0), startedAt: at(50), endedAt: null }]);
  });

  it("are none of a job that has not begun", () => {
    expect(attemptsOf(history(created, { ms: 5, event: "admit", from: "pending", to: "queued" }))).toEqual([]);
  });
});
