import { COMPOSITE_STATES, type CompositeState } from "../composite.ts";
import type { JobKind } from "../job.ts";
import { JOB_STATES, type JobState } from "../state.ts";
import { FLEX } from "./flex.ts";
import { HUB } from "./hub.ts";
import { QUEUE, QUEUE_31 } from "./queue.ts";
import type { Word, Words } from "./word.ts";

export type { Word, Words } from "./word.ts";

/** The systems whose words Callsheet speaks beside its own. */
export const VOCABULARIES = {
  flex: FLEX,
  hub: HUB,
  queue: QUEUE,
  "queue-3.1": QUEUE_31,
} as const satisfies Record<string, Words>;
/** The name of a vocabulary. */
export type Vocabulary = keyof typeof VOCABULARIES;
/** The names of all vocabularies. */
export const VOCABULARY_NAMES = Object.keys(VOCABULARIES) as readonly Vocabulary[];

/**
 * The word of a vocabulary for a job: of any kind that runs by its own state, of a group or run by the state that its
 * members give it.
 */
export function say(vocabulary: Vocabulary, job: { kind: JobKind; state: JobState | CompositeState }): Word {
  const { single, composite }: Words = VOCABULARIES[vocabulary];
  const isComposite = job.kind === "group" || job.kind === "run";
  const words = isComposite ? { ...single, ...composite } : { ...composite, ...single };
  return words[job.state];
}

/** The states that jobs which run have under a word, in any case of letters: a filter. Empty for an unknown word. */
export function mean(vocabulary: Vocabulary, word: string): readonly JobState[] {
  return statesOf(vocabulary, word, JOB_STATES, VOCABULARIES[vocabulary].single);
}

/** The states that groups and runs have under a word. Empty for an unknown word. */
export function meanOfComposite(vocabulary: Vocabulary, word: string): readonly CompositeState[] {
  return statesOf(vocabulary, word, COMPOSITE_STATES, VOCABULARIES[vocabulary].composite);
}

function statesOf<State extends string>(
  vocabulary: Vocabulary,
  asked: string,
  states: readonly State[],
  words: Readonly<Record<State, Word>>,
): readonly State[] {
  const { synonyms }: Words = VOCABULARIES[vocabulary];
  const lower = asked.trim().toLowerCase();
  const wanted = Object.hasOwn(synonyms, lower) ? synonyms[lower] : lower;
  return states.filter((state) =>
    [words[state].word, ...(words[state].also ?? [])].some((word) => word.toLowerCase() === wanted),
  );
}
