import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Opener {
  readonly pid: number;
  /** Everything it said so far. */
  readonly said: readonly Record<string, unknown>[];
  /** Waits for something that it says, from the beginning on; fails when it ends without. */
  readonly saying: (key: string) => Promise<Record<string, unknown>>;
  readonly tell: (line: "close" | "insert") => void;
  /** kill -9, and waits until it is gone. */
  readonly kill: () => Promise<void>;
  readonly ended: Promise<void>;
  readonly hasEnded: () => boolean;
}

/** Opens a data directory in a process of its own. */
export function openElsewhere(
  dataDir: string,
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly uid?: number;
    readonly gid?: number;
    readonly timeoutMs?: number;
  },
): Opener {
  const script = fileURLToPath(new URL("./opener.mjs", import.meta.url));
  const { uid, gid, env, timeoutMs = 120_000 } = options;
  const child = spawn(process.execPath, [script, dataDir, String(timeoutMs)], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
    ...(uid === undefined ? {} : { uid, gid: gid ?? uid }),
  });
  return openerOf(child);
}

export function openerOf(child: ChildProcess): Opener {
  const said: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const one of waiting) one();
  };
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => {
      isOver = true;
      wake();
      resolve();
    });
  });
  child.stdin?.on("error", () => undefined);
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(JSON.parse(line) as Record<string, unknown>);
      wake();
    });
  }
  const saying = (key: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const look = () => {
        const found = said.find((one) => key in one);
        if (!found && !isOver) return;
        waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`it ended without saying ${key}: ${JSON.stringify(said)}`));
      };
      waiting.add(look);
      look();
    });
  return {
    pid: child.pid ?? 0,
    said,
    saying,
    tell: (line) => void child.stdin?.write(`${line}\n`),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    ended,
    hasEnded: () => isOver,
  };
}
