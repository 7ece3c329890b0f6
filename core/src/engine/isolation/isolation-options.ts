import type { ChildProcess, SpawnOptions } from "node:child_process";

/** What the host takes from the world outside. */
export interface IsolationOptions {
  readonly spawn: (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
  /** Sends SIGKILL to a whole process group, named by its leader's pid. Throws when there is none, as `process.kill` does. */
  readonly killGroup: (pid: number) => void;
  readonly readText: (path: string) => Promise<string>;
  /** The environment variables of this process; a handler's process gets a few of them by name. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly timers: { after(ms: number, call: () => void): { cancel(): void } };
  /** Milliseconds that only grow. */
  readonly monotonic: () => number;
  /** Told once for each process whose module has been loaded: how long that took since the process was asked for. */
  readonly onStarted?: (start: { readonly type: string; readonly pid: number; readonly startupMs: number }) => void;
}
