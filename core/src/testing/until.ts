import { callsheetError } from "@callsheet/contract";
import { systemEnvironment } from "../engine/environment.ts";

export interface WaitOptions {
  /** Milliseconds until it gives up with `wait_timeout`. Default 10,000. */
  readonly deadlineMs?: number;
  /** What is waited for, for the message. */
  readonly what?: string;
}

const LOOK_MS = 10;
const { monotonic, timers } = systemEnvironment();

/** Waits until a condition holds, looking every 10 ms; answers what it gave. Fails with `wait_timeout` at the deadline. */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  { deadlineMs = 10_000, what = "The condition" }: WaitOptions = {},
): Promise<NonNullable<Value>> {
  const begin = monotonic();
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (monotonic() - begin > deadlineMs)
      throw callsheetError("wait_timeout", `${what} did not come about within ${deadlineMs} ms.`, { deadlineMs });
    await new Promise<void>((resolve) => {
      timers.after(LOOK_MS, resolve);
    });
  }
}
