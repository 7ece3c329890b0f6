import { POLL_EVERY_MS } from "@callsheet/contract";
import { depart } from "../../operations/elsewhere/depart.ts";
import { tellFreed } from "../../operations/tell-freed.ts";
import type { Attempt } from "../attempt.ts";
import type { NodeOptions } from "../node-options.ts";
import type { Left } from "../outcome.ts";
import type { Part } from "../part.ts";
import { whileAway } from "../while-away.ts";

export interface DeparturesOptions {
  readonly part: Part;
  /** Told of jobs whose end had been said before their handlers returned. */
  readonly onStored: NonNullable<NodeOptions["onStored"]>;
  /** An attempt lives elsewhere from here on. */
  readonly onGone: () => void;
  /** It had been superseded. */
  readonly onRefused: (attempt: Attempt, size: number) => void;
}

/** Lets attempts go whose work goes on elsewhere: until that is stored they are this node's, and lost with it. */
export class Departures {
  readonly #options: DeparturesOptions;
  readonly #leaving = new Set<Attempt>();

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#leaving.size > 0;
  }

  leave(attempt: Attempt, size: number, left: Left): void {
    const { part, onRefused } = this.#options;
    this.#leaving.add(attempt);
    void this.#leave(attempt, left)
      .then((isGone) => isGone || onRefused(attempt, size))
      .catch((error: unknown) => part.log.error("elsewhere", error))
      .finally(() => this.#leaving.delete(attempt));
  }

  async #leave(attempt: Attempt, { handle }: Left): Promise<boolean> {
    const { part, onStored, onGone } = this.#options;
    const { store, catalogue, environment, bus } = part;
    const { id, token, ordinal } = attempt.claimed;
    const departing = { id, token, handle, isMember: ordinal > 0, ...howLong(attempt) };
    const end = await whileAway(part, "elsewhere", async () => {
      await attempt.anchoring?.catch(() => {});
      return depart(store, departing, { catalogue, random: environment.random });
    });
    if (end === undefined) return false;
    const { changed = [], pools = [], refused = [], leftJournals = false } = end;
    onStored([id], { changes: changed, refused });
    tellFreed(bus, changed, pools);
    if (leftJournals) bus.publish({ kind: "rollback" });
    onGone();
    return true;
  }
}

/** How its work is looked after from here on, by its action and its type. */
function howLong({ type, definition }: Attempt) {
  const { poll, pollEveryMs = POLL_EVERY_MS.usual, timeoutFrom, stallAfterMs = null } = type!;
  const { timeoutMs } = definition;
  return {
    everyMs: poll === undefined ? null : pollEveryMs,
    stallMs: definition.stallAfterMs === undefined ? stallAfterMs : definition.stallAfterMs,
    extendMs: timeoutFrom === "progress" ? timeoutMs : null,
  };
}
