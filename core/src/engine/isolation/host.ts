import type { Environment } from "../environment.ts";
import { died, type IsolatedOutcome } from "./ending.ts";
import type { IsolatedProcess } from "./isolated-process.ts";
import type { IsolatedRun } from "./isolated-run.ts";
import type { IsolationOptions } from "./isolation-options.ts";

export type { IsolatedOutcome } from "./ending.ts";
export type { IsolatedRun } from "./isolated-run.ts";
export type { IsolationOptions } from "./isolation-options.ts";

export interface IsolationHost {
  /** Runs one handler to its end in a new process. Never rejects. Its process is gone when it resolves, and all that stayed in its group has been killed. */
  run(run: IsolatedRun): Promise<IsolatedOutcome>;
  /** Ends all processes that still run and waits for them. Nothing is started afterwards. */
  close(): Promise<void>;
}

/** Runs handlers in child processes: one for each attempt, which shares nothing with the next and harms only itself. */
export function createIsolationHost(options: IsolationOptions): IsolationHost {
  const live = new Set<IsolatedProcess>();
  let isClosed = false;

  return {
    run: async (run) => {
      // Loaded with the first: what is said to a process and by it are many schemas.
      const { IsolatedProcess } = await import("./isolated-process.ts");
      if (isClosed) return died("handler_start_failed", "No handler is started any more: the node is closing.");
      if (run.kill?.aborted)
        return died("handler_start_failed", "The handler was not started: its attempt has been given up.");
      let started: IsolatedProcess;
      try {
        started = new IsolatedProcess(run, options);
      } catch (error) {
        return died("handler_start_failed", `The handler's process could not be started: ${(error as Error).message}`);
      }
      live.add(started);
      try {
        return await started.ended;
      } finally {
        live.delete(started);
      }
    },
    close: async () => {
      isClosed = true;
      for (const one of live)
        one.kill({ code: "handler_killed", message: "The handler's process was ended: the node is closing." });
      await Promise.all([...live].map((one) => one.ended));
    },
  };
}

/** The same in the world of an engine. */
export function openIsolation({ processes, files, timers, monotonic }: Environment): IsolationHost {
  const { spawn, killGroup, variables } = processes;
  return createIsolationHost({ spawn, killGroup, variables, readText: files.readText, timers, monotonic });
}
