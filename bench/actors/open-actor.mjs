import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./actor.mjs", import.meta.url));

/**
 * Starts a child process that plays a part for `system` on the store at `url`. `ask` sends it a command and resolves with
 * the answer; `timeline` is how many jobs its handler has begun, and when that was said. `isApart`: in a session of its own.
 * @param {string} system
 * @param {string} url
 * @param {{isApart?: boolean}} how
 */
export function openActor(system, url, { isApart = false } = {}) {
  const child = fork(PROGRAM, {
    detached: isApart,
    serialization: "advanced",
    env: { ...process.env, NODE_ENV: "production", CALLSHEET_BENCH_ACTOR: JSON.stringify({ system, url }) },
  });
  const gone = once(child, "exit");
  const waiting = new Map();
  const timeline = [];
  let nextId = 0;
  const failAll = (reason) => {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };
  child.on("message", (message) => {
    if (message.id === undefined) {
      timeline.push({ ms: message.ms, handled: message.progress });
      return;
    }
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) reject(new Error(`${system}: ${message.error}`));
    else resolve(message.value);
  });
  child.on("exit", (code, signal) => failAll(`${system}: the process ended (${signal ?? code})`));
  const ask = (command, input) =>
    new Promise((resolve, reject) => {
      nextId += 1;
      waiting.set(nextId, { resolve, reject });
      child.send({ id: nextId, command, input }, (error) => error && reject(error));
    });
  const close = async () => {
    if (child.connected) child.disconnect();
    await gone;
  };
  return { ask, timeline, handled: () => timeline.at(-1)?.handled ?? 0, close, kill: () => child.kill("SIGKILL") };
}
