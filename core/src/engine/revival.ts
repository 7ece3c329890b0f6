import { callsheetError } from "@callsheet/contract";
import type { Environment } from "./environment.ts";
import type { EngineLog } from "./service.ts";

/** A PostgreSQL that this process uses, and what to do when it does not need it any more. */
export interface Server {
  readonly connectionString: string;
  /** The directory of a private one. */
  readonly dataDir?: string;
  /** Starts it again when it has died; absent: it is not ours to start. */
  revive?(): Promise<void>;
  close(): Promise<void>;
}

/** A server that dies more often than this is not brought back until the time is over. */
const MOST_TRIES = 5;
const WITHIN_MS = 60_000;

/**
 * The same server, brought back once at a time however many ask, and only so often. Where it is not brought back, whoever
 * asks is told why, with `database_lost`. Once it is being closed it is left alone.
 */
export function watchOver(server: Server, { monotonic }: Pick<Environment, "monotonic">, log: EngineLog): Server {
  if (!server.revive) return server;
  const tries: number[] = [];
  let reason = "";
  let underWay: Promise<void> | undefined;
  let isClosed = false;

  const revive = async () => {
    if (isClosed) throw callsheetError("stopped", "This Callsheet was closed.");
    while (tries.length > 0 && monotonic() - tries[0]! >= WITHIN_MS) tries.shift();
    if (tries.length >= MOST_TRIES)
      throw lost(`is gone, and ${MOST_TRIES} tries to start it came to nothing. ${reason}`);
    tries.push(monotonic());
    try {
      await server.revive?.();
    } catch (error) {
      const { message, hint = "" } = error as { message: string; hint?: string };
      reason = `${message} ${hint}`.trim();
      throw lost(`is gone, and was not started again. ${reason}`, error);
    }
    reason = "It died again each time.";
    log.error("server", lost("had died; it is up again."));
  };
  return {
    connectionString: server.connectionString,
    revive: () => {
      underWay ??= revive().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    close: async () => {
      isClosed = true;
      await underWay?.catch(() => {});
      await server.close();
    },
  };
}

function lost(what: string, cause?: unknown) {
  return callsheetError("database_lost", `The private PostgreSQL ${what}`, {}, cause);
}
