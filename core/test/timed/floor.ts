import type { Occurrence, TimedInput } from "@callsheet/contract";
import type { Callsheet } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor } from "../fixtures/floor.ts";

type Fields = Parameters<typeof aFloor>[0];

/** Noon of a Monday, from which the clock of a test goes on by hand. */
export const NOON = new Date("2026-06-01T12:00:00Z");
export const MINUTE = 60_000;

/** A timed action named `t`, which is due every minute unless it is said, and started, in a database whose clock stands still. */
export async function aTimedFloor(timed: Partial<TimedInput> = {}, fields: Fields = {}) {
  const floor = await aFloor({ flags: ["timed"], ...fields }, { alone: true });
  const clock = await floor.database.stopClock();
  await clock.set(NOON);
  const rule = { kind: "interval", everyMs: MINUTE } as const;
  const { jobId } = await floor.cs.timed.create({ name: "t", action: floor.name, rule, ...timed });
  await floor.cs.timed.start("t");
  return { ...floor, clock, jobId };
}

/** What was told of the instants so far, oldest first: the time of the day, what became of it, and why. */
export async function toldOf(cs: Callsheet, name = "t"): Promise<readonly string[]> {
  return [...(await cs.timed.occurrences(name, { limit: 1_000 }))].reverse().map(line);
}

function line({ local, until: last, count, kind, reason, outcome, origin }: Occurrence): string {
  const time = (text: string) => text.slice(11);
  return [
    ...(origin === "hand" ? ["by hand"] : [count === 1 ? time(local) : `${time(local)}-${time(last)}`]),
    outcome?.state ?? kind,
    ...(reason === null ? [] : [reason]),
  ].join(" ");
}

/** Waits until this is told. */
export async function tells(cs: Callsheet, ...lines: readonly string[]): Promise<void> {
  let last: readonly string[] = [];
  const isTold = async () => {
    last = await toldOf(cs);
    return lines.join() === last.join();
  };
  await until(isTold, { what: lines.join(", ") }).catch((error: Error) => {
    throw new Error(`${error.message} It is told: ${last.join(", ")}.`);
  });
}
