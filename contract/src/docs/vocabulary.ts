import { COMPOSITE_STATES } from "../model/composite.ts";
import { JOB_STATES } from "../model/lifecycle.ts";
import {
  mean,
  meanOfComposite,
  VOCABULARIES,
  VOCABULARY_NAMES,
  type Vocabulary,
  type Word,
  type Words,
} from "../model/vocabulary/vocabulary.ts";
import { names, page, table } from "./markdown.ts";

/** `docs/reference/vocabulary.md`: the words of the other systems for each state, and the states for each word. */
export function vocabularyMarkdown(): string {
  return page("Vocabularies", "contract/src/model/vocabulary", [
    "The core state is shown always; the words of another system are shown beside it on request. A star: that system has no such word, this is the nearest one.",
    "## Jobs and tasks",
    table(["state", ...titles()], rows(JOB_STATES, "single")),
    "## Groups and runs",
    table(["state", ...titles()], rows(COMPOSITE_STATES, "composite")),
    "## Words as filters",
    "Words are found in any case of letters.",
    ...VOCABULARY_NAMES.flatMap((vocabulary) => [
      `### ${VOCABULARIES[vocabulary].title} (\`${vocabulary}\`)`,
      table(["word", "jobs and tasks", "groups and runs"], wordsOf(vocabulary).map(wordRow(vocabulary))),
    ]),
  ]);
}

function titles(): readonly string[] {
  return VOCABULARY_NAMES.map((vocabulary) => VOCABULARIES[vocabulary].title);
}

function rows(states: readonly string[], of: "single" | "composite"): readonly (readonly string[])[] {
  return states.map((state) => [
    `\`${state}\``,
    ...VOCABULARY_NAMES.map((vocabulary) => {
      const words: Readonly<Record<string, Word>> = VOCABULARIES[vocabulary][of];
      return shown(words[state]!);
    }),
  ]);
}

function shown({ word, exact, also }: Word): string {
  return [exact ? word : `${word}*`, ...(also ?? [])].join(" / ");
}

function wordsOf(vocabulary: Vocabulary): readonly string[] {
  const { single, composite, synonyms }: Words = VOCABULARIES[vocabulary];
  const said = [...Object.values(single), ...Object.values(composite)].map(({ word }) => word);
  return [...new Set([...said, ...Object.keys(synonyms)])];
}

function wordRow(vocabulary: Vocabulary): (word: string) => readonly string[] {
  return (word) => [word, names(mean(vocabulary, word)), names(meanOfComposite(vocabulary, word))];
}
