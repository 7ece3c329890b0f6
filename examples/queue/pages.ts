import { Queue, type QueueOptions } from "@callsheet/queue";

/** A page of text to be summed up. */
export interface Page {
  readonly number: number;
  readonly text: string;
}

/** The queue that `add-pages.ts` and `work-on-pages.ts` share: the same name, the same types, each its own process. */
export const openPages = (options: QueueOptions = {}) =>
  new Queue<Page, { sha256: string; by: number }>(null, { name: "example.pages", ...options });
