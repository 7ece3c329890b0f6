import type { Algorithm } from "./checksum.ts";

/** What a thread is asked, about one of the hashings that share it. Each is answered, in the order of the questions. */
export interface Question {
  readonly id: number;
  readonly ask:
    | { readonly kind: "begin"; readonly algorithms: readonly Algorithm[] }
    | { readonly kind: "piece"; readonly piece: Uint8Array }
    | { readonly kind: "digits" }
    | { readonly kind: "end" };
}

/** The digits of each algorithm, in the order of the beginning; empty for every other question. */
export type Answer = readonly string[];
