import { describe, expect, it } from "vitest";
import { COMPOSITE_STATES, type CompositeState } from "../src/model/composite.ts";
import { JOB_STATES, type JobState } from "../src/model/state.ts";
import { mean, meanOfComposite, say, VOCABULARIES, VOCABULARY_NAMES } from "../src/model/vocabulary/vocabulary.ts";

const shown = (word: { readonly word: string; readonly exact: boolean }) => (word.exact ? word.word : `${word.word}*`);

/** The specification's table: state | Flex | Hub task | Queue. A star: the nearest word. */
const SINGLE = `
  created          | Created          | Pending   | created
  scheduled        | Scheduled        | Pending   | added
  pending          | Pending          | Pending   | added
  queued           | Queued           | Pending   | added
  waiting_for_lock | Waiting for Lock | Pending   | added
  running          | Running          | Started   | active
  timed_out        | Timed Out        | Started   | active
  retrying         | Failed           | Pending   | failed
  paused           | Scheduled*       | Pending*  | added*
  cancelling       | Running*         | Started*  | active*
  partial          | Failed*          | Error     | terminated*
  failed           | Failed           | Failure   | terminated
  skipped          | Completed*       | Skipped   | cancelled*
  completed        | Completed        | Success   | completed
  cancelled        | Cancelled        | Cancelled | cancelled`;

/** state | Hub job | Flex group */
const COMPOSITE = `
  created    | Pending   | Created
  scheduled  | Pending   | Scheduled
  pending    | Pending   | Pending
  queued     | Pending   | Queued
  running    | Started   | Running
  timed_out  | Started   | Timed Out
  pausing    | Pausing   | Running*
  paused     | Paused    | Scheduled*
  cancelling | Dequeuing | Running*
  failed     | Failure   | Failed
  skipped    | Skipped   | Completed*
  completed  | Success   | Completed
  cancelled  | Cancelled | Cancelled`;

const rowsOf = (table: string) =>
  table
    .trim()
    .split("\n")
    .map((row) => row.split("|").map((cell) => cell.trim()));

describe("say", () => {
  it.each(rowsOf(SINGLE))("calls a %s job %s in Flex, %s in Hub and %s in Queue", (state, flex, hub, queue) => {
    const job = { kind: "job", state: state as JobState } as const;
    expect([say("flex", job), say("hub", job), say("queue", job)].map(shown)).toEqual([flex, hub, queue]);
  });

  it.each(rowsOf(COMPOSITE))("calls a %s composite %s in Hub and %s in Flex", (state, hub, flex) => {
    const composite = { kind: "run", state: state as CompositeState } as const;
    expect([say("hub", composite), say("flex", composite)].map(shown)).toEqual([hub, flex]);
  });

  it("covers every state", () => {
    expect(rowsOf(SINGLE).map(([state]) => state)).toHaveLength(JOB_STATES.length);
    expect(rowsOf(COMPOSITE).map(([state]) => state)).toHaveLength(COMPOSITE_STATES.length);
  });

  it("says waiting for added in the words of release 3.1, and else the same", () => {
    for (const state of JOB_STATES) {
      const { word } = say("queue", { kind: "queue", state });
      expect(say("queue-3.1", { kind: "queue", state }).word).toBe(word === "added" ? "waiting" : word);
    }
  });

  it("names no word of the queue library exact for a group, which it does not know", () => {
    for (const state of COMPOSITE_STATES) expect(say("queue", { kind: "group", state }).exact).toBe(false);
  });
});

describe("mean", () => {
  it.each(VOCABULARY_NAMES)("finds every job under the word that %s says for it", (vocabulary) => {
    for (const state of JOB_STATES) {
      expect(mean(vocabulary, say(vocabulary, { kind: "task", state }).word)).toContain(state);
    }
    for (const state of COMPOSITE_STATES) {
      expect(meanOfComposite(vocabulary, say(vocabulary, { kind: "group", state }).word)).toContain(state);
    }
  });

  it.each(VOCABULARY_NAMES)("finds under a word of %s only states that it says so, or would also", (vocabulary) => {
    const words = Object.values(VOCABULARIES[vocabulary].single);
    for (const { word } of words) {
      for (const state of mean(vocabulary, word)) {
        const said = say(vocabulary, { kind: "task", state });
        expect([said.word, ...(said.also ?? [])]).toContain(word);
      }
    }
  });

  it("turns words into filters", () => {
    expect(mean("flex", "Failed")).toEqual(["retrying", "partial", "failed"]);
    expect(mean("hub", "Error")).toEqual(["partial"]);
    expect(mean("hub", "Dequeuing")).toEqual([]);
    expect(meanOfComposite("hub", "Dequeuing")).toEqual(["cancelling"]);
    expect(mean("queue", "created")).toEqual(["created"]);
  });

  it("accepts waiting for added and added for waiting, in any case", () => {
    const waiting = ["created", "scheduled", "pending", "queued", "waiting_for_lock", "paused"];
    for (const vocabulary of ["queue", "queue-3.1"] as const) {
      for (const word of ["added", "waiting", " Waiting "]) expect(mean(vocabulary, word)).toEqual(waiting);
    }
    expect(mean("flex", "waiting FOR lock")).toEqual(["waiting_for_lock"]);
  });

  it("finds nothing under a word that the system does not have", () => {
    expect(mean("hub", "Running")).toEqual([]);
    expect(mean("flex", "constructor")).toEqual([]);
    expect(mean("queue", "__proto__")).toEqual([]);
  });
});
