import { type Day, readDay } from "../../src/model/simulation/day.ts";

const FROM = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** The instant so many minutes into the day. */
export const minute = (minutes: number): Date => new Date(FROM + minutes * MINUTE);
export const minutesOf = (ms: number): number => ms / MINUTE;

type Fields = Readonly<Record<string, unknown>>;

/** A job that is due so many minutes into the day and runs so many. */
export const aJob = (dueAt: number, runs: number, fields: Fields = {}) => ({
  job: { at: minute(dueAt).toISOString(), durationMs: runs * MINUTE, action: "proxy", ...fields },
});
export const aNode = (slots: number, fields: Fields = {}) => ({ node: { name: "one", slots, ...fields } });
export const aResource = (name: string, capacity: number, fields: Fields = {}) => ({
  resource: { name, capacity, ...fields },
});
export const aLimit = (scope: string, name: string, running: number) => ({ limit: { scope, name, running } });

export const aDay = (...lines: readonly object[]): Day => readDay(lines);
