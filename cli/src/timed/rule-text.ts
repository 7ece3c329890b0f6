import type { Exclusion, TimedDefinition, TimedRule } from "@callsheet/contract";
import cronstrue from "cronstrue";

/** A local time as people write it. */
export const localText = (local: string): string => local.replace("T", " ");

/** When a timed action is due, for people: `every 15 min`, `at 02:30 on mon, tue`, a cron line in words. */
export function ruleText(rule: TimedRule): string {
  switch (rule.kind) {
    case "interval":
      return `every ${intervalText(rule.everyMs)}${rule.from === "last_end" ? " after the last end" : ""}`;
    case "daily":
      return `at ${rule.at.join(", ")}${rule.days.length === 7 ? "" : ` on ${rule.days.join(", ")}`}`;
    case "cron":
      return cronText(rule.expression);
  }
}

/** The line itself where it says something that only the scheduler's parser knows. */
function cronText(expression: string): string {
  try {
    return cronstrue.toString(expression, { use24HourTimeFormat: true, verbose: false });
  } catch {
    return expression;
  }
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

function intervalText(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of UNITS) {
    if (left >= size) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  return parts.join(" ");
}

/** What a timed action does beside its rule, where it is not the usual. */
export function policyTexts({
  overlap,
  misfire,
  jitterMs,
  dst,
  exclusions,
  calendars,
  keepLast,
}: TimedDefinition): readonly (readonly [string, string])[] {
  return [
    ["Overlap", overlap === "queue" ? "one waits for the one before" : "is passed over"],
    ["Missed", missedText(misfire)],
    ["Jitter", jitterMs === 0 ? "" : `up to ${intervalText(jitterMs)}`],
    ["Clocks", `${MISSING_TEXTS[dst.missing]}; ${DOUBLED_TEXTS[dst.doubled]}`],
    ["Excluded", exclusions.map(exclusionText).join("; ")],
    ["Calendars", calendars.join(", ")],
    ["Keeps", keepLast === null ? "" : `the last ${keepLast}`],
  ];
}

const MISSING_TEXTS = {
  next: "times that they skip run right after",
  skip: "times that they skip do not run",
} as const satisfies Record<TimedDefinition["dst"]["missing"], string>;
const DOUBLED_TEXTS = {
  first: "of doubled ones the first runs",
  second: "of doubled ones the second runs",
  both: "of doubled ones both run",
} as const satisfies Record<TimedDefinition["dst"]["doubled"], string>;

function missedText({ policy, withinMs }: TimedDefinition["misfire"]): string {
  if (policy === "none") return "is not made up for";
  return `${policy === "last" ? "the last one is" : "each is"} made up for, within ${intervalText(withinMs)}`;
}

/** Times at which something does not run, for people. */
export function exclusionText(one: Exclusion): string {
  const note = one.note === undefined ? "" : ` (${one.note})`;
  if ("date" in one) return `${one.date}${one.until === undefined ? "" : ` to ${one.until}`}${note}`;
  if ("since" in one) return `${localText(one.since)} to ${localText(one.until)}${note}`;
  if ("yearly" in one) return `each ${one.yearly}${one.until === undefined ? "" : ` to ${one.until}`}${note}`;
  return `${one.days.join(",")}${one.from === undefined ? "" : ` ${one.from}-${one.to}`}${note}`;
}
