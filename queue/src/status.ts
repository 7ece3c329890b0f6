import { type JobState, queueStatusOf } from "@callsheet/contract";

/** What a job's status can be. `waiting` is what `added` is called under `{ words: "3.1" }`. */
export type JobStatus =
  | "created"
  | "added"
  | "waiting"
  | "active"
  | "completed"
  | "cancelled"
  | "failed"
  | "terminated";
/** Which words a queue says. */
export type StatusWords = "added" | "3.1";

/** The status of a job that is stored. */
export function statusOf(state: JobState, words: StatusWords): JobStatus {
  const status = queueStatusOf(state);
  return status === "added" ? waitingWord(words) : status;
}

/** The status of a job that waits for its turn. */
export const waitingWord = (words: StatusWords): "added" | "waiting" => (words === "3.1" ? "waiting" : "added");

/** A status as somebody gave it, in the word that this queue says. */
export function inWords(status: unknown, words: StatusWords): unknown {
  return status === "added" || status === "waiting" ? waitingWord(words) : status;
}
