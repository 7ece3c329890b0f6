import { composeState, MEMBER_CLASSES, type MemberCounts } from "../composite.ts";
import type { Invariant, Violation } from "./invariant.ts";
import { checkChain } from "./lines.ts";
import type { CompositePlace, JobRecord } from "./record.ts";

/** Checks a group or run: that what is stored of its members is what they are, and that its history tells of it. */
export function checkComposite(job: JobRecord, composite: CompositePlace): readonly Violation[] {
  return [
    ...checkChain(job.lines),
    ...checkStanding(job, composite),
    ...checkCounts(composite),
    ...checkState(job, composite),
    ...checkGenerations(job, composite),
  ];
}

function checkStanding({ work, outcome, claims, lines }: JobRecord, composite: CompositePlace): readonly Violation[] {
  const found: Violation[] = [];
  if (work !== null || claims.length > 0) found.push(violation("S01", "It stands among the jobs that run themselves."));
  if ((outcome !== null) !== composite.isSettled)
    found.push(
      violation("S01", `It has ${composite.isSettled ? "settled, and has no" : "not settled, and has an"} outcome.`),
    );
  const last = lines.at(-1);
  if (last === undefined) return found;
  if (composite.seq !== last.seq)
    found.push(violation("I01", `It counts ${composite.seq} lines; the last is ${last.seq}.`, last.seq));
  if (composite.lineState !== last.to)
    found.push(
      violation("I01", `It says that its last line ended in ${composite.lineState}, not ${last.to}.`, last.seq),
    );
  return found;
}

const COUNTED = [
  ...MEMBER_CLASSES,
  "due",
  "unplanned",
  "rollingBack",
] as const satisfies readonly (keyof MemberCounts)[];

/** Of which class those were that are gone nobody knows any more; how many they are is kept. */
function checkCounts({ counts, recount, removed }: CompositePlace): readonly Violation[] {
  const wrong = (name: string, stored: number, found: number) =>
    violation("I36", `It counts ${stored} members${name}; there are ${found}.`);
  if (removed > 0) {
    const found = removed + sum(recount);
    return sum(counts) === found ? [] : [wrong("", sum(counts), found)];
  }
  return COUNTED.filter((name) => counts[name] !== (recount?.[name] ?? 0)).map((name) =>
    wrong(` as ${name}`, counts[name], recount?.[name] ?? 0),
  );
}

const sum = (counts: MemberCounts | null): number =>
  MEMBER_CLASSES.reduce((all, name) => all + (counts?.[name] ?? 0), 0);

function checkState({ kind }: JobRecord, composite: CompositePlace): readonly Violation[] {
  const { counts, intent, isClosed, hasBegun, state, isSettled } = composite;
  const composed = composeState({
    ...{ kind: kind === "run" ? "run" : "group", counts, intent, closed: isClosed, begun: hasBegun },
  });
  if (composed.state === state && composed.settled === isSettled) return [];
  const words = (settled: boolean) => (settled ? "settled" : "not settled");
  const message = `It is ${state} and ${words(isSettled)}; by its members it is ${composed.state} and ${words(composed.settled)}.`;
  return [violation("I36", message)];
}

function checkGenerations({ lines }: JobRecord, { generation, isSettled }: CompositePlace): readonly Violation[] {
  const settled = lines.filter(({ event }) => event === "settled").map(({ seq }) => seq);
  const expected = isSettled ? generation : generation - 1;
  if (settled.length === expected) return [];
  return [violation("I37", `It has settled ${settled.length} times in ${generation} generations.`, ...settled)];
}

function violation(invariant: Invariant, message: string, ...lines: readonly number[]): Violation {
  return { invariant, lines, message };
}
