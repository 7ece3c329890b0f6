import { describe, expect, it } from "vitest";
import { errorsMarkdown } from "../src/docs/errors.ts";
import { lifecycleMarkdown } from "../src/docs/lifecycle.ts";
import { table } from "../src/docs/markdown.ts";
import { vocabularyMarkdown } from "../src/docs/vocabulary.ts";
import { ERRORS } from "../src/model/errors.ts";
import { isLegal, JOB_EVENTS, JOB_STATES, LIVE, STATE_MEANING } from "../src/model/lifecycle.ts";
import { say, VOCABULARY_NAMES } from "../src/model/vocabulary/vocabulary.ts";

const STATES: readonly (string | null)[] = [null, ...JOB_STATES];

/** Reads the diagrams of the page back into "event: from > to". */
function drawnEdges(markdown: string): string[] {
  const boxes = new Map([...markdown.matchAll(/^ {2}(box\d+)\["(.*)"\]$/gm)].map(([, id, text]) => [id!, text!]));
  const arrows = [...markdown.matchAll(/^ {2}(\w+) -- "(.*)" --> (\w+)$/gm)];
  return arrows.flatMap(([, start, label, end]) => {
    const kept = /\((\w+): stays\)/.exec(boxes.get(end!) ?? "")?.[1];
    const from = start === "live" ? LIVE : (boxes.get(start!) ?? start!).split("<br>");
    const to = (boxes.get(end!) ?? end!).replace(/<br>.*/, "").split(" or ");
    const events = label!.replace(/ \(.*\)/, "").split(", ");
    return events.flatMap((event) =>
      from.flatMap((one) => (one === kept ? [one] : to).map((other) => `${event}: ${one} > ${other}`)),
    );
  });
}

describe("the page of the lifecycle", () => {
  const markdown = lifecycleMarkdown();

  it("draws every edge of the lifecycle once, and nothing else", () => {
    const edges = JOB_EVENTS.flatMap((event) =>
      STATES.flatMap((from) =>
        STATES.filter((to) => isLegal(event, from as never, to as never)).map(
          (to) => `${event}: ${from ?? "new"} > ${to ?? "gone"}`,
        ),
      ),
    );
    const onlyForQueueJobs = (edge: string) => /^remove: (?!completed|partial|failed|skipped|cancelled)/.test(edge);
    expect(drawnEdges(markdown).sort()).toEqual(edges.filter((edge) => !onlyForQueueJobs(edge)).sort());
  });

  it("has a row for every state and every event", () => {
    for (const state of JOB_STATES) {
      expect(markdown).toMatch(new RegExp(`^\\| \`${state}\` \\| (waiting|live|settled)`, "m"));
      expect(markdown).toContain(STATE_MEANING[state]);
    }
    for (const event of JOB_EVENTS) expect(markdown).toMatch(new RegExp(`^\\| \`${event}\` \\|`, "m"));
  });
});

describe("the page of errors", () => {
  it("has a row for every code, with what to do next", () => {
    const rows = errorsMarkdown().split("\n");
    for (const [code, { status, next }] of Object.entries(ERRORS)) {
      expect(rows).toContain(`| \`${code}\` | ${status} | ${next} |`);
      expect(next).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe("the page of the vocabularies", () => {
  it("shows every word of every state, with a star where it is only the nearest", () => {
    const markdown = vocabularyMarkdown();
    for (const state of JOB_STATES) {
      const cells = VOCABULARY_NAMES.map((vocabulary) => {
        const { word, exact } = say(vocabulary, { kind: "job", state });
        return exact ? word : `${word}*`;
      });
      const row = markdown.split("\n").find((line) => line.startsWith(`| \`${state}\` |`))!;
      for (const cell of cells) expect(row).toContain(cell);
    }
    expect(markdown).toContain("| Dequeuing |  | `cancelling` |");
  });
});

describe("a table", () => {
  it("escapes bars within a cell", () => {
    expect(table(["a"], [["b|c"]])).toBe("| a |\n| --- |\n| b\\|c |");
  });
});
