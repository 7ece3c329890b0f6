import { spawn } from "node:child_process";
import type { ServerUser } from "./run-as.ts";

export interface ProgramResult {
  /** The exit code; -1 if a signal ended it or it could not be started. */
  readonly code: number;
  readonly output: string;
  /** Why it could not be started at all, such as EACCES. */
  readonly refusal: string | undefined;
}

/** A bare environment: nothing like PGDATA or LD_PRELOAD of the caller's reaches the server. */
export function programEnvironment(): NodeJS.ProcessEnv {
  return { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
}

/** The part of spawn's options that makes a child run as the server's user. */
export function asUser(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user?.switch ? { uid: user.switch.uid, gid: user.switch.gid } : {};
}

/** Runs a program of PostgreSQL to its end; `input` is what it reads. Never throws. */
export function runProgram(
  path: string,
  args: readonly string[],
  options: { readonly user?: ServerUser | undefined; readonly input?: string } = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const finish = (code: number, refusal?: string) =>
      resolve({ code, output: Buffer.concat(chunks).toString("utf8"), refusal });
    try {
      const child = spawn(path, args, { cwd: "/", env: programEnvironment(), ...asUser(options.user) });
      child.on("error", (error: NodeJS.ErrnoException) => finish(-1, error.code ?? error.message));
      child.on("close", (code) => finish(code ?? -1));
      child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
      // A program that ends without reading makes the pipe fail; its exit code says why.
      child.stdin.on("error", () => undefined);
      child.stdin.end(options.input ?? "");
    } catch (error) {
      finish(-1, error instanceof Error && "code" in error ? String(error.code) : String(error));
    }
  });
}
