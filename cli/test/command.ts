import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the built command as a shell would, without a terminal, a database or colours of the surroundings. */
export function callsheet(...args: readonly string[]): Run {
  return callsheetWith({}, ...args);
}

/** The same with environment variables of its own. */
export function callsheetWith(variables: NodeJS.ProcessEnv, ...args: readonly string[]): Run {
  return start({ variables, args });
}

/** The same as another user of the system, which only root can start. */
export function callsheetAs(uid: number, variables: NodeJS.ProcessEnv, ...args: readonly string[]): Run {
  return start({ variables, args, identity: { uid, gid: uid } });
}

interface Start {
  readonly variables: NodeJS.ProcessEnv;
  readonly args: readonly string[];
  readonly identity?: { readonly uid: number; readonly gid: number };
}

function start({ variables, args, identity }: Start): Run {
  const { DATABASE_URL: _url, FORCE_COLOR: _colour, ...rest } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...rest, ...variables }, ...identity });
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    written.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    written.stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject).once("close", (exitCode) => resolve({ exitCode, ...written }));
  });
  return { child, ended };
}
