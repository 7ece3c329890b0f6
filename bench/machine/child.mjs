import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Runs a command to its end; an exit code other than 0 is an error that carries what it printed.
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {import("node:child_process").SpawnOptions} options
 */
export async function runToEnd(command, parameters, options = {}) {
  const child = spawn(command, parameters, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const killWithUs = () => child.kill("SIGKILL");
  process.prependListener("exit", killWithUs);
  let printed = "";
  child.stdout.on("data", (data) => {
    printed += data;
  });
  child.stderr.on("data", (data) => {
    printed += data;
  });
  const [code] = await once(child, "close");
  process.off("exit", killWithUs);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${printed.trim()}`);
  return printed;
}

/**
 * Starts a server and waits until `answers` resolves. The server is a child of this process: it is told to stop when the
 * benchmark ends, however it ends. `stop` may name another signal.
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {{answers: () => Promise<unknown>, stopSignal: NodeJS.Signals, spawn: import("node:child_process").SpawnOptions}} how
 */
export async function startServer(command, parameters, { answers, stopSignal, spawn: options }) {
  const child = spawn(command, parameters, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (data) => {
    complaint = (complaint + data).slice(-4000);
  });
  const gone = once(child, "close");
  const killWithUs = () => child.kill(stopSignal);
  // Before the listener that removes its directory.
  process.prependListener("exit", killWithUs);
  const stop = async (signal = stopSignal) => {
    process.off("exit", killWithUs);
    child.kill(signal);
    await gone;
  };
  for (let attempt = 0; ; attempt += 1) {
    try {
      await answers();
      return { pid: child.pid, stop };
    } catch (error) {
      if (child.exitCode !== null || attempt > 200) {
        await stop();
        throw new Error(`${command} did not start: ${complaint.trim() || error.message}`);
      }
      await pause(50);
    }
  }
}

/** A TCP port of the loopback interface that nobody uses now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
