import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type PrivateServer, stopServer } from "@callsheet/postgres";
import { until } from "../../src/testing/index.ts";
import { aChild, type Child } from "../fixtures/child.ts";
import type { Witness } from "./witness.ts";

/** What is done to nodes: killed; stopped until they were declared dead, and continued; stopped for a moment. */
export type Fault = "kill" | "stop" | "blink";
/** What is done to the server: it is killed, or stopped in order, and started again. */
export type Outage = "crash" | "restart";

/** A fault that attempts were lost by. */
export interface Struck {
  readonly what: Fault | Outage;
  /** Of the node, or of the server. */
  readonly name: string;
  readonly pid: number;
  readonly at: number;
  /** When a process that stood still went on. */
  readonly goesOnAt?: number;
  /** When whatever was struck worked again. */
  readonly overAt: number;
}

/** A node that is started again whenever it was killed. */
export interface Victim {
  readonly name: string;
  child: Child;
  readonly start: () => Child;
  /** What all of its lives wrote. */
  readonly outputs: string[];
}

/** Asks the database about the life of a node that a process is. It may be away: undefined. */
export interface Registry {
  /** Whether it was declared dead, and nothing of it is left to recover. */
  isOver(pid: number): Promise<boolean | undefined>;
  /** Whether a life of it is up. */
  isUp(pid: number): Promise<boolean | undefined>;
}

const BLINK_MS = 300;
/** However it ends: nothing waits for longer. */
const MOST_MS = 60_000;

const hasEnded = ({ process: { exitCode, signalCode } }: Child) => exitCode !== null || signalCode !== null;

/** What nobody killed must not end: what it said last tells why it did. */
function insistItRuns({ name, child }: Victim): void {
  if (hasEnded(child)) throw new Error(`${name} has ended by itself. It said: ${child.output()}`);
}

export function aVictim(name: string, variables: Readonly<Record<string, string>>): Victim {
  const start = () => aChild("chaos-node.mjs", { ...variables, TEST_NODE: name });
  return { name, start, child: start(), outputs: [] };
}

/** Does one thing to a node, and waits until it works again. Answers when it was struck. */
export async function strike(
  victim: Victim,
  fault: Fault,
  { witness, registry }: { witness: Witness; registry: Registry },
): Promise<Struck> {
  const pid = victim.child.process.pid!;
  await until(() => witness.inFlight(pid) > 0, { deadlineMs: 5_000 }).catch(() => {});
  insistItRuns(victim);
  if (fault === "kill") return kill(victim, pid);
  for (;;) {
    process.kill(pid, "SIGSTOP");
    const at = Date.now();
    // What it was about to do when it was stopped may have been the end of its last handler.
    if (fault === "blink" || witness.inFlight(pid) > 0) {
      if (fault === "blink") await setTimeout(BLINK_MS);
      else await until(() => registry.isOver(pid), { deadlineMs: MOST_MS, what: `The end of ${victim.name}` });
      const goesOnAt = Date.now();
      process.kill(pid, "SIGCONT");
      await until(() => registry.isUp(pid), { deadlineMs: MOST_MS, what: `The next life of ${victim.name}` });
      return { what: fault, name: victim.name, pid, at, goesOnAt, overAt: Date.now() };
    }
    process.kill(pid, "SIGCONT");
    await until(() => witness.inFlight(pid) > 0, { deadlineMs: MOST_MS, what: `A handler on ${victim.name}` });
    insistItRuns(victim);
  }
}

async function kill(victim: Victim, pid: number): Promise<Struck> {
  victim.child.process.kill("SIGKILL");
  const at = Date.now();
  await victim.child.ended;
  victim.outputs.push(victim.child.output());
  await startAgain(victim);
  return { what: "kill", name: victim.name, pid, at, overAt: Date.now() };
}

/** A node does not start while the server is away: somebody starts it again. */
async function startAgain(victim: Victim): Promise<void> {
  for (;;) {
    const child = victim.start();
    victim.child = child;
    const isUp = () => child.output().includes("ready\n");
    await until(() => isUp() || hasEnded(child), { deadlineMs: MOST_MS, what: `${victim.name} up` });
    if (isUp()) return;
    victim.outputs.push(child.output());
  }
}

/** Takes the server away and brings it back. */
export async function takeAway(server: PrivateServer, outage: Outage): Promise<Struck> {
  const pid = Number(readFileSync(join(server.dataDir, "pg", "postmaster.pid"), "utf8").split("\n")[0]);
  const at = Date.now();
  if (outage === "crash") process.kill(pid, "SIGKILL");
  else await stopServer(server.dataDir, { whenUsed: "stop" });
  await server.revive();
  return { what: outage, name: "server", pid, at, overAt: Date.now() };
}

/** Ends all nodes in order. */
export async function dismiss(victims: readonly Victim[]): Promise<void> {
  for (const { child } of victims) child.process.kill("SIGTERM");
  for (const victim of victims) {
    const { child } = victim;
    if (child.process.exitCode === null) await once(child.process, "close");
    victim.outputs.push(child.output());
  }
}
