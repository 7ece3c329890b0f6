import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./actor.mjs", import.meta.url));
const RESTART_MS = 1_000;

/**
 * Starts a process with a part to play; resolves when it does.
 * @param {{part: "worker" | "producer", name: string, system: string}} what and all else that `actor.mjs` reads
 */
export async function startActor(what) {
  const child = fork(PROGRAM, {
    env: { ...process.env, NODE_ENV: "production", CALLSHEET_BENCH_FAULTS: JSON.stringify(what) },
    // What libraries print about a server that is away would drown the outcome.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const gone = once(child, "exit");
  const failed = gone.then(() => {
    throw new Error(`${what.system}: ${what.name} ended before it was ready`);
  });
  await Promise.race([once(child, "message"), failed]);
  failed.catch(() => {});
  return { child, pid: child.pid, gone };
}

/**
 * A worker that a supervisor starts again a second after its process ended. `pid` is 0 meanwhile; `ends` are its processes'
 * ends, of which `isOwn` were nobody's doing.
 * @param {Parameters<typeof startActor>[0]} what
 */
export async function superviseWorker(what) {
  let actor = await startActor(what);
  let isWanted = true;
  const worker = { name: what.name, pid: actor.pid, ends: [], kill, stop };
  const over = keepUp();
  return worker;

  async function keepUp() {
    for (;;) {
      const [, signal] = await actor.gone;
      worker.pid = 0;
      if (!isWanted) return;
      worker.ends.push({ pid: actor.pid, at: Date.now(), isOwn: signal !== "SIGKILL" });
      do await pause(RESTART_MS);
      while (!(await isStarted()));
    }
  }

  /** It may not start while the server is away. */
  async function isStarted() {
    try {
      actor = await startActor(what);
    } catch {
      return false;
    }
    worker.pid = actor.pid;
    if (!isWanted) kill();
    return true;
  }

  function kill() {
    actor.child.kill("SIGKILL");
  }

  async function stop() {
    isWanted = false;
    kill();
    await over;
  }
}
