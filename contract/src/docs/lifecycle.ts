import { COMPOSITE_STATE_MEANING, COMPOSITE_STATES } from "../model/composite.ts";
import {
  type Actor,
  COMPOSITE_INTENTS,
  type Edge,
  JOB_EVENTS,
  JOB_STATES,
  type JobState,
  LIFECYCLE,
  LIVE,
  legalOperations,
  OPERATION_NAMES,
  SETTLED,
  STATE_MEANING,
  TERMINAL,
  WAITING,
} from "../model/lifecycle.ts";
import { ROLLBACK_STATES, type RollbackState } from "../model/rollback-state.ts";
import { names, page, table } from "./markdown.ts";

/** `docs/reference/lifecycle.md`: states, events, operations and diagrams, printed from the lifecycle's data. */
export function lifecycleMarkdown(): string {
  return page("The life of a job", "contract/src/model/lifecycle.ts", [
    "A job is always in one of these states, and changes it only by one of the events below.",
    "## States",
    table(
      ["state", "class", "meaning"],
      JOB_STATES.map((state) => [`\`${state}\``, classOf(state), STATE_MEANING[state]]),
    ),
    `Live: an attempt runs. Settled: it is over, unless somebody retries it. Terminal: ${names(TERMINAL)}; nothing but \`rearm\`, \`reanimate\` and \`remove\` leaves them.`,
    "## What happens by itself",
    fenced(ownWay()),
    "An arrow that begins at a frame holds for every state in it.",
    "## What people do, and what only some kinds of jobs know",
    "Each box lists all the states in which the event may happen.",
    fenced(asked()),
    "## Events",
    table(
      ["event", "from", "to", "by", "only if, and what else"],
      JOB_EVENTS.map((event) => eventRow(LIFECYCLE[event])),
    ),
    "## Operations",
    "What a caller may ask for, and in which states. Whether a live job can be cancelled is for its action to say. A retry asked for while the job is timed out is remembered until the attempt has ended. While a rollback is required, running or failed, a retry and an amendment are refused, and a cancel is remembered until it has ended.",
    table(["operation", "states"], OPERATION_NAMES.map(operationRow)),
    "## Groups and runs",
    `They never take part in these events: their state follows from their members, in the transaction that changed a member. ${names(COMPOSITE_INTENTS)} are accepted as intents for the members.`,
    table(
      ["state", "meaning"],
      COMPOSITE_STATES.map((state) => [`\`${state}\``, COMPOSITE_STATE_MEANING[state]]),
    ),
  ]);
}

const CLASSES = { waiting: WAITING, live: LIVE, settled: SETTLED } as const;
const PEOPLE: readonly Actor[] = ["operator", "run", "queue library", "purge"];

function classOf(state: JobState): string {
  if (TERMINAL.some((terminal) => terminal === state)) return "settled, terminal";
  return Object.entries(CLASSES).find(([, states]) => states.some((one) => one === state))![0];
}

function eventRow(edge: Edge): string[] {
  const kinds = edge.kinds === undefined ? "" : ` Only: ${edge.kinds.join(", ")}.`;
  return [`\`${edge.event}\``, fromCell(edge), toCell(edge), edge.by.join(", "), `${edge.rule}${kinds}`];
}

function fromCell(edge: Edge): string {
  if (edge.from.length === 0) return "(new)";
  const more = Object.entries(edge.fromOfKind ?? {}).map(([kind, states]) => `; ${kind}: ${stateList(states)}`);
  return `${stateList(edge.from)}${more.join("")}`;
}

function toCell(edge: Edge): string {
  if (edge.to.length === 0) return "(gone)";
  const kept = edge.keeps === undefined ? "" : `; ${names(edge.keeps)}: stays`;
  return `${names(edge.to)}${kept}`;
}

function stateList(states: readonly JobState[]): string {
  return states.length === JOB_STATES.length ? "any" : names(states);
}

function operationRow(operation: (typeof OPERATION_NAMES)[number]): string[] {
  const legal = (rollback: RollbackState) =>
    JOB_STATES.filter((state) => legalOperations(state, { rollback }).includes(operation));
  const states = legal("none");
  if (states.length > 0) return [`\`${operation}\``, stateList(states)];
  const rollbacks = ROLLBACK_STATES.filter((rollback) => legal(rollback).length > 0);
  return [`\`${operation}\``, `any, while its rollback is ${rollbacks.join(", ")}`];
}

/** Events of every kind of job that some part of the engine causes: one arrow for each pair of ends. */
function ownWay(): readonly string[] {
  const arrows = new Map<string, string[]>();
  const ends = new Set<string>();
  for (const event of JOB_EVENTS.filter((one) => isOwn(LIFECYCLE[one]))) {
    for (const [from, to] of pairs(LIFECYCLE[event])) {
      const arrow = `${from} --> ${to}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), event]);
      ends.add(from).add(to);
    }
  }
  const groups = Object.entries(CLASSES).flatMap(([name, states]) => [
    `  subgraph ${name}`,
    ...states.filter((state) => ends.has(state) || ends.has(name)).map((state) => `    ${state}`),
    "  end",
  ]);
  const lines = [...arrows].map(([arrow, events]) => `  ${arrow.replace(" --> ", ` -- "${events.join(", ")}" --> `)}`);
  return ["flowchart TD", "  new((new))", ...groups, ...lines];
}

function pairs(edge: Edge): readonly (readonly [string, JobState])[] {
  const isOfEveryLive = edge.from.length === LIVE.length && LIVE.every((state) => edge.from.includes(state));
  const from = edge.from.length === 0 ? ["new"] : isOfEveryLive ? ["live"] : edge.from;
  return from.flatMap((one) => edge.to.map((to) => [one, to] as const));
}

/** All other events: one box for the states in which they happen, one for each state that they lead to. */
function asked(): readonly string[] {
  const boxes = new Map<string, string>();
  const box = (text: string) => {
    const id = boxes.get(text) ?? `box${boxes.size + 1}`;
    boxes.set(text, id);
    return id;
  };
  const lines = JOB_EVENTS.map((event) => LIFECYCLE[event])
    .filter((edge) => !isOwn(edge))
    .map((edge) => {
      const kinds = edge.kinds === undefined || edge.kinds.length > 2 ? "" : ` (${edge.kinds.join(", ")})`;
      const from = box(edge.from.length === 0 ? "new" : boxText(edge.from));
      const to = box(targetText(edge));
      return `  ${from} -- "${edge.event}${kinds}" --> ${to}`;
    });
  return ["flowchart LR", ...[...boxes].map(([text, id]) => `  ${id}["${text}"]`), ...lines];
}

function boxText(states: readonly JobState[]): string {
  return states.join("<br>");
}

function targetText({ to, keeps }: Edge): string {
  const target = to.length === 0 ? "gone" : to.join(" or ");
  return keeps === undefined ? target : `${target}<br>(${keeps.join(", ")}: stays)`;
}

function isOwn(edge: Edge): boolean {
  return edge.kinds === undefined && edge.by.some((actor) => !PEOPLE.includes(actor));
}

function fenced(lines: readonly string[]): string {
  return ["```mermaid", ...lines, "```"].join("\n");
}
