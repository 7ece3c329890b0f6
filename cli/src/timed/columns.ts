import type { Occurrence, PreviewedInstant, TimedAction } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { formatDistance, formatInstant } from "../moment.ts";
import type { Column } from "../table.ts";
import { localText, ruleText } from "./rule-text.ts";

/** A timed action with its next runs. */
export interface Listed extends TimedAction {
  readonly next: readonly PreviewedInstant[];
}

/** The columns of a list of timed actions. */
export function timedColumns(now: Date): readonly Column<Listed>[] {
  return [
    { title: "Timed action", cell: ({ name }) => name, shorten: "middle" },
    { title: "Action", cell: ({ action }) => action, shorten: "middle" },
    {
      title: "State",
      cell: ({ state }) => state,
      paint: (text, { state }) => (state === "started" ? text : colours.dim(text)),
    },
    { title: "Runs", cell: ({ rule }) => ruleText(rule), shorten: "end" },
    { title: "Zone", cell: ({ timeZone }) => timeZone },
    { title: "Next", cell: nextText, plain: ({ nextAt }) => nextAt?.toISOString() ?? "", shorten: "end" },
    { title: "Last", cell: (timed) => lastText(timed, now), shorten: "end" },
  ];
}

function nextText({ state, next, nextLocal, rule }: Listed): string {
  if (state === "stopped") return "";
  const runs = next.filter(({ skipped }) => skipped === null).map(({ local }) => local);
  const locals = runs.length > 0 ? runs : nextLocal === null ? [] : [nextLocal];
  if (locals.length === 0) return rule.kind === "interval" ? "when the last has ended" : "never again";
  const day = locals[0]!.slice(0, 10);
  // The day is told once.
  return locals.map((local, n) => (n > 0 && local.startsWith(day) ? local.slice(11) : localText(local))).join(", ");
}

function lastText({ lastOutcome, jobState, queued }: TimedAction, now: Date): string {
  const last = lastOutcome === null ? [] : [`${lastOutcome.state} ${formatDistance(lastOutcome.endedAt, now)}`];
  const isBusy = ["running", "timed_out", "pending", "queued", "waiting_for_lock", "retrying"].includes(jobState);
  return [...(isBusy ? [jobState] : []), ...(queued > 0 ? [`${queued} waits`] : []), ...last].join(", ");
}

/** The columns of what became of a timed action's instants. */
export function occurrenceColumns(): readonly Column<Occurrence>[] {
  return [
    { title: "Due", cell: dueText, plain: ({ instant }) => instant.toISOString() },
    {
      title: "Was",
      cell: wasText,
      paint: (text, { outcome }) => (outcome?.state === "failed" ? colours.red(text) : text),
    },
    {
      title: "Began",
      cell: ({ firedAt }) => (firedAt === null ? "" : formatInstant(firedAt)),
      plain: ({ firedAt }) => firedAt?.toISOString() ?? "",
    },
    { title: "Group", cell: ({ groupId }) => groupId ?? "" },
    {
      title: "Why",
      cell: ({ reason, origin, outcome }) =>
        reason ?? (origin === "hand" ? "by hand" : (outcome?.error?.message ?? "")),
      shorten: "end",
    },
  ];
}

const wasText = ({ kind, outcome }: Occurrence): string => outcome?.state ?? kind;

function dueText({ local, until, count, fold }: Occurrence): string {
  const first = `${localText(local)}${fold === 1 ? " (second)" : ""}`;
  if (local === until) return first;
  return `${first} to ${localText(until)}, ${count ?? "very many"}`;
}

/** The columns of a preview. Days on which clocks are set are marked. */
export function previewColumns(): readonly Column<PreviewedInstant>[] {
  return [
    {
      title: "Local time",
      cell: ({ local, fold, count }) =>
        `${localText(local)}${fold === 1 ? " (second)" : ""}${count > 1 ? ` and ${count - 1} more` : ""}`,
      paint: (text, { skipped }) => (skipped === null ? text : colours.dim(text)),
    },
    { title: "Offset", cell: ({ offset }) => offset },
    { title: "UTC", cell: ({ instant }) => instant.toISOString().replace(/\.000Z$/, "Z") },
    { title: "Note", cell: noteOf, paint: (text, { change }) => (change === null ? text : colours.yellow(text)) },
  ];
}

function noteOf(previewed: PreviewedInstant): string {
  const { skipped, change } = previewed;
  const runsAt = wallOf(previewed);
  const why = {
    missing_hour: "does not run: the hour is missing",
    doubled_hour: "does not run: the hour is doubled",
    excluded: "does not run: excluded",
  };
  return [
    ...(skipped === null ? [] : [why[skipped]]),
    ...(skipped !== null || runsAt === localText(previewed.local) ? [] : [`is missing, runs at ${runsAt.slice(11)}`]),
    ...(change === null ? [] : [`clocks go from ${change.from} to ${change.to}`]),
  ].join("; ");
}

/** What the clocks show at an instant. It is not the time of the rule where that lies in an hour that they skip. */
function wallOf({ instant, offset }: PreviewedInstant): string {
  const [hours, minutes] = offset.slice(1).split(":").map(Number);
  const distanceMs = (hours! * 60 + minutes!) * (offset.startsWith("-") ? -60_000 : 60_000);
  const wall = new Date(instant.getTime() + distanceMs).toISOString().slice(0, -1);
  return localText(wall.replace(/\.000$/, ""));
}
