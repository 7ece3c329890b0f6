import type { Callsheet, OpenQueue } from "@callsheet/core";
import type { Adding } from "./adding.ts";
import type { QueueEvents } from "./events.ts";
import type { QueueSettings } from "./queue-options.ts";
import type { Reading } from "./stored-job.ts";

/** What every part of a queue object works with. */
export interface QueuePart {
  readonly id: string;
  readonly settings: QueueSettings;
  readonly reading: Reading;
  readonly callsheet: Callsheet;
  readonly desk: OpenQueue;
  readonly adding: Adding;
  emit<Name extends keyof QueueEvents>(event: Name, ...args: QueueEvents[Name]): void;
  /** Whether anybody hears this event. */
  isHeard(event: keyof QueueEvents): boolean;
  /** Tells of a failure that no caller waits for. */
  fail(error: unknown): void;
}
