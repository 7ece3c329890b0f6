import { callsheetError } from "@callsheet/contract";
import type { Callsheet } from "../callsheet.ts";
import { systemEnvironment } from "../engine/environment.ts";
import { databaseOf } from "./test-database.ts";

export interface WaitOptions {
  /** Milliseconds until it gives up with `wait_timeout`. Default 10,000. */
  readonly deadlineMs?: number;
  /** What is waited for, for the message. */
  readonly what?: string;
}

const LOOK_MS = 10;

/** Waits until a condition holds, looking every 10 ms; answers what it gave. Fails with `wait_timeout` at the deadline. */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  { deadlineMs = 10_000, what = "the condition" }: WaitOptions = {},
): Promise<NonNullable<Value>> {
  const { monotonic, timers } = systemEnvironment();
  const begin = monotonic();
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (monotonic() - begin > deadlineMs)
      throw callsheetError("wait_timeout", `${what} did not come about within ${deadlineMs} ms.`, { deadlineMs });
    await new Promise<void>((resolve) => keepAlive(timers.after(LOOK_MS, resolve), resolve));
  }
}

/** Waits until nothing is due, queued or live: whatever is left waits for its time, or for somebody. */
export async function runUntilIdle(cs: Callsheet, options: WaitOptions = {}): Promise<void> {
  const database = databaseOf(cs);
  await until(async () => (await database.countBusy()) === 0, { what: "An idle engine", ...options });
}
