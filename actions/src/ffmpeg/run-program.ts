import { execa } from "execa";
import { type Command, cleanEnvironment, confined, confinement } from "./confine.ts";
import type { MediaLimits } from "./limits.ts";

export interface ProgramRun {
  readonly command: Command;
  /** The only directory that it is started in and told to write to. */
  readonly cwd: string;
  /** Its abort kills the program; nothing else of the job does, a time-out neither. */
  readonly signal: AbortSignal;
  readonly limits: MediaLimits;
  /** Open files that it gets, as its descriptors from 3 on. */
  readonly descriptors: readonly number[];
  readonly onLine: (line: string) => void;
}

/** How a program ended. */
export interface Ending {
  /** Null when it was ended by `killedBy`, or could not be started. */
  readonly exitCode: number | null;
  readonly killedBy: string | null;
  /** The end of what it said on standard error, or why it could not be started. */
  readonly complaints: string;
}

const MOST_COMPLAINT_BYTES = 16 * 1024;

/**
 * Runs a program without a shell, in a clean environment and a process group of its own. The group is killed when the signal
 * is aborted, with that signal's reason as error, and when this process ends.
 */
export async function runProgram(run: ProgramRun): Promise<Ending> {
  const { file, arguments: words } = confined(run.command, run.limits, await confinement());
  run.signal.throwIfAborted();
  // Any descriptor works; the types of execa know only small ones.
  const descriptors = run.descriptors as readonly 3[];
  const child = execa(file, words, {
    cwd: run.cwd,
    env: cleanEnvironment(),
    extendEnv: false,
    stdio: ["ignore", "pipe", "pipe", ...descriptors],
    detached: true,
    buffer: false,
    reject: false,
  });
  const kill = () => killGroup(child.pid);
  run.signal.addEventListener("abort", kill);
  groups.add(child.pid);
  const complaints = tailOf(child.stderr);
  try {
    for await (const line of child.iterable()) {
      try {
        run.onLine(line);
      } catch (error) {
        // The loop is left only when the program has ended.
        kill();
        throw error;
      }
    }
    const { exitCode = null, signal = null, originalMessage = "" } = await child;
    run.signal.throwIfAborted();
    return { exitCode, killedBy: signal, complaints: child.pid === undefined ? originalMessage : complaints() };
  } finally {
    groups.delete(child.pid);
    run.signal.removeEventListener("abort", kill);
  }
}

/** Bounded: a damaged file can make ffmpeg complain about each frame. */
function tailOf(stream: NodeJS.ReadableStream): () => string {
  let tail = Buffer.alloc(0);
  stream.on("data", (piece: Buffer) => {
    tail = Buffer.concat([tail, piece]).subarray(-MOST_COMPLAINT_BYTES);
  });
  return () => tail.toString("utf8");
}

const groups = new Set<number | undefined>();

// Where the system cannot bind a program to the life of its parent, at least an orderly end takes it along.
process.on("exit", () => {
  for (const pid of groups) killGroup(pid);
});

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
