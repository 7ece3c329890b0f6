import type { Answer } from "./admin.ts";
import type { PostmasterFile } from "./postmaster-file.ts";
import type { Belonging } from "./processes.ts";

/** What can be seen of a database directory before anything is done. */
export interface Observation {
  readonly cluster: "absent" | "present";
  readonly postmaster: PostmasterFile | "absent" | "broken";
  /** Whose process the pid in postmaster.pid is; "gone" without a file. */
  readonly belonging: Belonging;
  /** How whoever listens at the address in postmaster.pid answers; "silent" without a file. */
  readonly answer: Answer["kind"];
  /** Other server processes that work in this directory; "hidden" where the system does not tell. */
  readonly others: readonly number[] | "hidden";
}

export type Decision =
  | { readonly act: "initialise" | "start" | "adopt" }
  /** It is certain that the pid file is a dead server's, which PostgreSQL alone cannot know: remove it, then start. */
  | { readonly act: "clear_and_start" }
  | { readonly act: "wait"; readonly why: string; readonly pids: readonly number[] }
  | { readonly act: "refuse"; readonly why: string; readonly pids: readonly number[] };

/** Decides whether to make, start, adopt or wait; what is not certain is waited for or refused, never removed or killed. */
export function decide(seen: Observation): Decision {
  if (seen.cluster === "absent") return { act: "initialise" };
  const file = seen.postmaster;
  const pid = typeof file === "object" ? file.pid : undefined;
  if (pid !== undefined && seen.answer === "ours") return { act: "adopt" };
  if (pid !== undefined && (seen.belonging === "ours" || seen.belonging === "unknown")) return decideLiving(seen, pid);
  // Another pid namespace: its server answers although no such pid is here.
  if (seen.answer === "not_ready")
    return { act: "wait", why: "a server is starting or stopping", pids: pid ? [pid] : [] };
  // PostgreSQL looks for living children by itself, by what the pid file says of their memory: leave that to it.
  if (seen.others === "hidden") return { act: "start" };
  if (seen.others.length > 0) {
    return {
      act: "wait",
      why: "processes of a server that was killed, or one that is starting, are left",
      pids: seen.others,
    };
  }
  // A pid that another process has by now, or a dead one that nobody has reaped, would make PostgreSQL refuse.
  return { act: file === "absent" ? "start" : "clear_and_start" };
}

function decideLiving(seen: Observation, pid: number): Decision {
  const pids = [pid];
  if (seen.answer === "wrong_password") return { act: "refuse", why: "its server does not accept our password", pids };
  if (seen.answer === "other_directory") {
    return { act: "refuse", why: "the server at its address serves another directory", pids };
  }
  return {
    act: "wait",
    why: seen.answer === "not_ready" ? "its server is starting or stopping" : "its server does not answer",
    pids,
  };
}
