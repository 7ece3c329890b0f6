import { isCallsheetError } from "@callsheet/contract";
import type { BatchDefaults, EncodedRows } from "../store/create.ts";
import { isTransient, violates } from "../store/failure.ts";
import type { Store } from "../store/store.ts";
import type { Makers } from "./create.ts";

type Line = Awaited<ReturnType<Store["openCreation"]>>;

/** However many calls are in flight: more would only wait for each other in the server. */
const MOST_LINES = 3;
/** What finds an id taken: a job's row, or that in `work`, whichever the server writes first. */
const ID_TAKEN = ["job_pkey", "work_pkey"];
/** How often, and after what pause at first, a statement is sent again. */
const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 50;

export const isLoss = (error: unknown): boolean => isCallsheetError(error) && error.code === "database_lost";

/** The connections of creation, opened as needed and thrown away when lost. */
export class CreationLines {
  readonly #store: Store;
  readonly #timers: Makers["timers"];
  readonly #free: Promise<Line>[] = [];
  readonly #opened = new Set<Promise<Line>>();
  readonly #waiting: (() => void)[] = [];
  /** A program that creates one job needs no connection for it. */
  #hasBegun = false;
  #isClosed = false;

  constructor(store: Store, timers: Makers["timers"]) {
    this.#store = store;
    this.#timers = timers;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Stores one chunk, with a hint for others right behind it, and answers its ids. Ids are drawn here: who finds them taken has stored them before the answer was lost. */
  insert(chunk: EncodedRows, defaults: BatchDefaults, hint?: string): Promise<readonly string[]> {
    return this.insist(async (tries) => {
      try {
        const { rows } = await this.#create(chunk, defaults, hint);
        return rows.map((row) => row.id);
      } catch (error) {
        if (tries > 1 && ID_TAKEN.some((name) => violates(error, name))) return [];
        throw error;
      }
    });
  }

  /**
   * Does work again whose connection was lost, or that was rolled back for another's sake, a few times. Done twice it must come
   * to the same.
   */
  async insist<T>(work: (tries: number) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work(tries);
      } catch (error) {
        const mayGoWell = isLoss(error) || isTransient(error);
        if (tries >= MOST_TRIES || this.#isClosed || !mayGoWell) throw error;
        await this.#pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#opened].map(async (one) => (await one).close()));
  }

  #create(...statement: Parameters<Line["createJobs"]>): ReturnType<Line["createJobs"]> {
    if (this.#hasBegun) return this.#onLine((line) => line.createJobs(...statement));
    this.#hasBegun = true;
    return this.#store.createOnPool(...statement);
  }

  async #onLine<T>(work: (line: Line) => Promise<T>): Promise<T> {
    while (this.#free.length === 0 && this.#opened.size >= MOST_LINES)
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    const opening = this.#free.pop() ?? this.#open();
    let isUsable = false;
    try {
      const line = await opening;
      isUsable = true;
      return await work(line);
    } catch (error) {
      isUsable &&= !isLoss(error);
      throw error;
    } finally {
      if (isUsable) this.#free.push(opening);
      else this.#drop(opening);
      this.#waiting.shift()?.();
    }
  }

  #open(): Promise<Line> {
    const opening = this.#store.openCreation();
    this.#opened.add(opening);
    return opening;
  }

  #drop(opening: Promise<Line>): void {
    this.#opened.delete(opening);
    opening.then((line) => line.close()).catch(() => {});
  }

  async #pause(ms: number): Promise<void> {
    const alive = this.#timers.keepAlive();
    await new Promise<void>((resolve) => void this.#timers.after(ms, resolve));
    alive.cancel();
  }
}
