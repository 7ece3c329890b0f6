import { describe, expect, it } from "vitest";
import { JOB_KINDS, type JobKind } from "../src/model/job.ts";
import {
  CANCEL_OF_LIVE,
  COMPOSITE_INTENTS,
  fromStates,
  isLegal,
  JOB_EVENTS,
  JOB_STATES,
  type JobEvent,
  type JobState,
  LIFECYCLE,
  LIVE,
  legalEvents,
  legalOperations,
  SETTLED,
  SINGLE_KINDS,
  STATE_MEANING,
  TERMINAL,
  toStates,
  WAITING,
} from "../src/model/lifecycle.ts";
import type { RollbackState } from "../src/model/rollback-state.ts";

const EVENTS_OF_THE_LIFECYCLE = [
  ["create", "plan", "unplan", "release", "come_due", "admit", "give_way", "block", "grant", "yield", "start"],
  ["hand_back", "overrun", "complete", "complete_partly", "fail", "back_off", "give_up", "snooze", "ask_cancel"],
  ["settle", "abandon", "cancel", "hold", "resume", "retry", "skip", "rearm", "reanimate", "import", "remove"],
].flat();

/** Reads "event: from from > to to", written independently of the data. */
const TABLE = `
  plan: created scheduled pending queued waiting_for_lock retrying > scheduled pending
  unplan: scheduled pending queued waiting_for_lock > created
  release: created > pending
  come_due: scheduled retrying > pending
  admit: pending > queued
  give_way: queued > pending
  block: queued pending > waiting_for_lock
  grant: waiting_for_lock > queued
  yield: queued > waiting_for_lock
  start: queued pending > running
  hand_back: running > queued
  overrun: running > timed_out
  complete: running timed_out cancelling > completed
  complete_partly: running timed_out cancelling > partial
  fail: running timed_out > failed
  back_off: running timed_out > retrying
  give_up: retrying > failed
  snooze: running timed_out > scheduled
  ask_cancel: running timed_out > cancelling
  settle: cancelling > cancelled
  abandon: running timed_out cancelling > cancelled
  cancel: created scheduled pending queued waiting_for_lock retrying paused failed partial > cancelled
  hold: scheduled pending queued waiting_for_lock retrying > paused
  resume: paused > scheduled
  retry: failed partial retrying > pending
  skip: created scheduled pending queued > skipped
  rearm: completed partial failed > scheduled
  reanimate: completed cancelled failed > scheduled pending`;

const EDGES = new Set(
  TABLE.trim()
    .split("\n")
    .flatMap((row) => {
      const [event = "", from = "", to = ""] = row.split(/[:>]/).map((part) => part.trim());
      return from.split(" ").flatMap((one) => to.split(" ").map((other) => `${event}: ${one} > ${other}`));
    }),
).add("plan: paused > paused");

describe("the lifecycle", () => {
  it("knows every event, each by its own name", () => {
    expect([...JOB_EVENTS]).toEqual(EVENTS_OF_THE_LIFECYCLE);
    for (const event of JOB_EVENTS) expect(LIFECYCLE[event].event).toBe(event);
  });

  it("has exactly the edges of the specification, over every event and pair of states", () => {
    const found = JOB_EVENTS.flatMap((event) =>
      JOB_STATES.flatMap((from) =>
        JOB_STATES.filter((to) => isLegal(event, from, to)).map((to) => `${event}: ${from} > ${to}`),
      ),
    );
    expect(found.sort()).toEqual([...EDGES].sort());
  });

  it("creates from nothing and removes to nothing, and only these events do", () => {
    for (const event of JOB_EVENTS) {
      expect(isLegal(event, null)).toBe(event === "create" || event === "import");
      expect(isLegal(event, "failed", null)).toBe(event === "remove");
    }
    expect(toStates("create", null)).toEqual(["created", "scheduled", "pending"]);
    expect(isLegal("create", null, "queued")).toBe(false);
    expect(isLegal("create", "created")).toBe(false);
    expect(isLegal("import", null, "completed", "queue")).toBe(true);
    expect(isLegal("import", null, "completed", "job")).toBe(false);
    expect(isLegal("import", null, "running", "queue")).toBe(false);
  });

  it("keeps a paused job paused when it is planned", () => {
    expect(toStates("plan", "paused")).toEqual(["paused"]);
    expect(isLegal("plan", "paused", "scheduled")).toBe(false);
    expect(fromStates("plan")).toContain("paused");
  });

  it("divides the states into live, settled and waiting ones", () => {
    expect([...LIVE, ...SETTLED, ...WAITING].sort()).toEqual([...JOB_STATES].sort());
    expect(new Set([...LIVE, ...SETTLED, ...WAITING]).size).toBe(JOB_STATES.length);
    expect(Object.keys(STATE_MEANING)).toEqual([...JOB_STATES]);
  });

  it("leaves a terminal state only by rearm, reanimate and remove, and no other settled state is terminal", () => {
    const beyond: readonly JobEvent[] = ["rearm", "reanimate", "remove"];
    const terminal = SETTLED.filter((state) => legalEvents(state).every((event) => beyond.includes(event)));
    expect(terminal).toEqual([...TERMINAL]);
  });

  it("reaches every state from creation, and a settled one from every other", () => {
    const next = (from: JobState | null) =>
      JOB_EVENTS.flatMap((event) => (isLegal(event, from) ? toStates(event, from) : []));
    const reach = (start: JobState | null) => {
      const seen = new Set<JobState>();
      const open = [...next(start)];
      for (let state = open.pop(); state !== undefined; state = open.pop()) {
        if (!seen.has(state)) open.push(...next(state));
        seen.add(state);
      }
      return seen;
    };
    expect([...reach(null)].sort()).toEqual([...JOB_STATES].sort());
    for (const state of [...LIVE, ...WAITING]) expect(SETTLED.some((end) => reach(state).has(end))).toBe(true);
  });

  it("makes a job live only by its start, and marks or asks it only while it is live", () => {
    const entering = (state: JobState) => JOB_EVENTS.filter((event) => LIFECYCLE[event].to.includes(state));
    expect(LIVE.map(entering)).toEqual([["start"], ["overrun"], ["ask_cancel"]]);
    for (const event of ["overrun", "ask_cancel"] as const) {
      for (const from of fromStates(event)) expect(LIVE).toContain(from);
    }
  });
});

describe("kinds of jobs", () => {
  it("removes settled jobs, and queue jobs in any state", () => {
    expect(fromStates("remove", "job")).toEqual([...SETTLED]);
    expect(fromStates("remove", "queue")).toEqual([...JOB_STATES]);
    expect(isLegal("remove", "running", null, "task")).toBe(false);
    expect(isLegal("remove", "running", null, "queue")).toBe(true);
  });

  it("reanimates queue jobs only, rearms timed and queue jobs, skips and releases tasks", () => {
    const kindsOf = (event: JobEvent) => JOB_KINDS.filter((kind) => fromStates(event, kind).length > 0);
    expect(kindsOf("reanimate")).toEqual(["queue"]);
    expect(kindsOf("rearm")).toEqual(["timed", "queue"]);
    expect(kindsOf("skip")).toEqual(["task"]);
    expect(kindsOf("release")).toEqual(["task"]);
    expect(kindsOf("start")).toEqual([...SINGLE_KINDS]);
  });

  it("never cancels a timed job", () => {
    for (const state of JOB_STATES) {
      for (const event of ["cancel", "ask_cancel", "abandon"]) expect(legalEvents(state, "timed")).not.toContain(event);
      expect(legalOperations(state, { kind: "timed" })).not.toContain("cancel");
    }
  });

  it("never moves a group or a run by an event", () => {
    for (const state of JOB_STATES) {
      expect(legalEvents(state, "group")).toEqual([]);
      expect(legalEvents(state, "run")).toEqual([]);
    }
  });
});

describe("operations", () => {
  const cases: readonly (readonly [JobState, readonly string[]])[] = [
    ["created", ["plan", "cancel", "amend", "set_priority"]],
    ["scheduled", ["plan", "unplan", "hold", "cancel", "amend", "set_priority"]],
    ["waiting_for_lock", ["plan", "unplan", "hold", "cancel", "amend", "set_priority"]],
    ["running", ["declare_lost"]],
    ["timed_out", ["retry", "declare_lost"]],
    ["cancelling", ["declare_lost"]],
    ["retrying", ["plan", "hold", "cancel", "retry", "amend", "set_priority"]],
    ["paused", ["plan", "resume", "cancel", "amend", "set_priority"]],
    ["failed", ["cancel", "retry", "amend", "set_priority"]],
    ["partial", ["cancel", "retry", "amend", "set_priority"]],
    ["completed", ["undo", "redo"]],
    ["skipped", []],
    ["cancelled", []],
  ];
  it.each(cases)("of a %s job whose action is never cancelled are %j", (state, expected) => {
    expect(legalOperations(state, { kind: "job", cancellable: "never" })).toEqual(expected);
  });

  it("leave a job alone until its rollback has ended, but for what ends it", () => {
    const of = (rollback: RollbackState) => legalOperations("failed", { kind: "job", rollback });
    expect(of("done")).toEqual(["cancel", "retry", "amend", "set_priority"]);
    expect(of("running")).toEqual(["cancel", "set_priority", "resolve_rollback"]);
    expect(of("failed")).toEqual(["cancel", "set_priority", "retry_rollback", "resolve_rollback"]);
    expect(legalOperations("cancelling", { rollback: "required" })).not.toContain("declare_lost");
  });

  it("include the cancel of a live job where its action allows it", () => {
    expect(legalOperations("running", { kind: "job", cancellable: "asks" })).toContain("cancel");
    expect(legalOperations("running", { kind: "job", cancellable: "abandon" })).toContain("cancel");
    expect(legalOperations("running")).toContain("cancel");
    expect(legalOperations("cancelling", { cancellable: "asks" })).not.toContain("cancel");
    expect(CANCEL_OF_LIVE.asks).toEqual(["ask_cancel"]);
  });

  it("include undo and redo of a completed job where its action names who does it", () => {
    const of = (undoAction: string | null, redoAction: string | null, kind: JobKind = "job") =>
      legalOperations("completed", { kind, undoAction, redoAction });
    expect(of("unpublish", null)).toEqual(["undo"]);
    expect(of(null, "publish")).toEqual(["redo"]);
    expect(of(null, null)).toEqual([]);
    expect(of("unpublish", "publish", "queue")).toEqual([]);
    expect(legalOperations("failed", { kind: "job", undoAction: "unpublish" })).not.toContain("undo");
  });

  it("on a composite are intents for its members until it has settled", () => {
    expect(legalOperations("running", { kind: "run" })).toEqual([...COMPOSITE_INTENTS]);
    expect(legalOperations("failed", { kind: "group" })).toEqual(["retry"]);
    expect(legalOperations("completed", { kind: "group" })).toEqual([]);
  });
});
