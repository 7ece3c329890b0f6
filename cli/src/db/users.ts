import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A process that uses the private server. */
export interface ServerUser {
  readonly pid: number;
  /** Its command line, as the system tells it. */
  readonly command: string;
}

const run = promisify(execFile);
const LONGEST = 120;

/** Who processes are; those that have ended meanwhile, or belong to another container, keep their number only. */
export async function readUsers(pids: readonly number[]): Promise<readonly ServerUser[]> {
  if (pids.length === 0) return [];
  // Ends with 1 when one of them is gone: what it found of the others counts.
  const listed = await run("ps", ["-o", "pid=,args=", "-p", pids.join(",")]).catch((error) => error);
  const lines = String(listed?.stdout ?? "").split("\n");
  const commands = new Map(
    lines.flatMap((line) => {
      const [, pid, command] = /^\s*(\d+)\s+(.*\S)/.exec(line) ?? [];
      return pid === undefined || command === undefined ? [] : [[Number(pid), command.slice(0, LONGEST)]];
    }),
  );
  return pids.map((pid) => ({ pid, command: commands.get(pid) ?? "not seen by the system" }));
}
