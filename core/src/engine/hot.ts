import { callsheetError, isCallsheetError } from "@callsheet/contract";
import type { HotPath } from "../store/hot-path.ts";
import type { Session } from "../store/session.ts";
import type { Part } from "./part.ts";

/** The hot connections: opened when first needed, and again after a loss. */
export interface Hot {
  readonly get: () => Promise<HotPath>;
  /** An error that may mean that they are gone. */
  readonly lost: (error: unknown) => void;
  close(): Promise<void>;
}

const HISTORY_LOST = "The database has lost what it had committed last, as in a failover to a standby that lagged.";

export function createHot(part: Part, name: string): Hot {
  let path: Promise<HotPath> | undefined;
  let session: Session | undefined;
  const open = async () => {
    const opened = await part.store.openHotPath(name, session);
    session = opened.session;
    if (opened.hasLostHistory) part.log.error("database", callsheetError("history_lost", HISTORY_LOST));
    return opened;
  };
  const get = () => {
    if (path !== undefined) return path;
    const opening = open();
    opening.catch(() => {
      if (path === opening) path = undefined;
    });
    path = opening;
    return opening;
  };
  const close = async () => {
    const old = path;
    path = undefined;
    await old?.then((one) => one.close()).catch(() => {});
  };
  return {
    get,
    lost: (error: unknown) => {
      if (isCallsheetError(error) && error.code === "database_lost") void close();
    },
    close,
  };
}
