import { type Assignment, assign } from "../assignment.ts";
import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import type { Terminal } from "../terminal.ts";
import { printCreated } from "./create.ts";
import { awaitJobs } from "./wait.ts";

interface CounterpartFlags {
  readonly config?: readonly Assignment[];
  readonly wait?: boolean;
  readonly timeout?: number;
}

/** `jobs undo`, `jobs redo` */
export async function createCounterpart(
  terminal: Terminal,
  does: "undo" | "redo",
  text: string,
  { config = [], wait, timeout }: CounterpartFlags,
): Promise<void> {
  await using client = await openClient(terminal);
  const { jobs } = client;
  const input = config.length === 0 ? {} : { configuration: assign({}, config) };
  const { id } = await jobs[does](await findId(jobs, text), input);
  if (!wait) return printCreated(terminal, client, id);
  terminal.note(`Created ${id}.`);
  await awaitJobs(terminal, jobs, [id], timeout);
}
