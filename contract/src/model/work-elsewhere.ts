import type { Json } from "./json.ts";

/** Where and how the work of an attempt goes on whose handler has returned. */
export interface WorkElsewhere {
  readonly attempt: number;
  readonly handle: Json;
  /** When its handler had returned. */
  readonly since: Date;
  /** When it last showed that it goes on. */
  readonly heardAt: Date;
  /** When it was last polled, and why that failed; null: it was not, it did not. */
  readonly polledAt: Date | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** When it is polled next; null: nobody polls it. */
  readonly nextPollAt: Date | null;
}
