import { callsheetError } from "@callsheet/core";
import type { Reach } from "./connection.ts";
import { Feed, type FeedHost } from "./feed.ts";
import type { Handler } from "./handler.ts";
import { refused } from "./invalid.ts";
import { openCallsheet } from "./open-callsheet.ts";
import type { QueuePart } from "./part.ts";
import { review } from "./review.ts";
import { Worker } from "./worker.ts";

/** How a session is opened: where, and what its queue is known by. */
export interface SessionOptions {
  readonly reach: Reach;
  readonly part: Omit<QueuePart, "callsheet" | "desk">;
  readonly concurrency: () => number;
  /** Whether it is to run jobs as soon as it is open. */
  readonly worksSoon: boolean;
}

const LONGEST_TIMER_MS = 2_147_483_647;

/** The life of a queue object: its connection, its worker, its feed and its reviews, until it is stopped. */
export class Session implements FeedHost {
  readonly part: QueuePart;
  /** Settled when it hears what others do, and knows whether all are paused. */
  readonly listening: Promise<void>;
  readonly #options: SessionOptions;
  readonly #close: () => Promise<void>;
  readonly #feed: Feed | undefined;
  #reviews: NodeJS.Timeout | undefined;
  #worker: Worker | undefined;
  #isPaused = false;
  #isPausedByAll = false;
  #stopping: Promise<void> | undefined;

  private constructor(options: SessionOptions, part: QueuePart, close: () => Promise<void>) {
    this.#options = options;
    this.#close = close;
    this.part = part;
    this.#feed = part.settings.changeFeed ? new Feed(part, this) : undefined;
    this.listening = this.#begin();
    this.listening.catch(part.fail);
  }

  static async open(options: SessionOptions): Promise<Session> {
    const { reach, part, worksSoon } = options;
    const { callsheet, close } = await openCallsheet(reach, worksSoon);
    try {
      const desk = await callsheet.queues.open(part.settings.name, { actor: part.id });
      return new Session(options, { ...part, callsheet, desk }, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  get running(): number {
    return this.#worker?.running ?? 0;
  }

  get isPaused(): boolean {
    return this.#isPaused || this.#isPausedByAll;
  }

  get isPausedByAll(): boolean {
    return this.#isPausedByAll;
  }

  get worker(): Worker | undefined {
    return this.#worker;
  }

  /** Somebody has begun to hear an event. */
  heard(): void {
    this.#feed?.heard();
  }

  async process(handler: Handler<never, never>): Promise<void> {
    if (typeof handler !== "function") throw refused("A queue is processed by a function.", "handler");
    if (this.#worker !== undefined)
      throw refused("Queue.process was called before: a queue has one handler.", "handler");
    this.#requireOpen();
    this.#worker = new Worker(this.part, handler, () => this.#feed?.caughtUp());
    if (this.part.settings.masterInterval === 0) await review(this.part);
    // One that is paused starts when it is resumed.
    if (!this.#isPaused) await this.#worker.start(this.#options.concurrency());
    if (this.#isPaused) await this.#worker.pause();
  }

  async pause(scope: "here" | "everywhere"): Promise<void> {
    const { id, desk, emit } = this.part;
    const isGlobal = scope === "everywhere";
    if (isGlobal) this.#isPausedByAll = true;
    else this.#isPaused = true;
    emit("pausing", id, isGlobal);
    if (isGlobal) await desk.pause();
    await this.#worker?.pause();
    emit("paused", id, isGlobal);
  }

  async resume(scope: "here" | "everywhere"): Promise<void> {
    const { id, desk, emit } = this.part;
    const isGlobal = scope === "everywhere";
    if (isGlobal) await desk.resume();
    if (isGlobal) this.#isPausedByAll = false;
    this.#isPaused = false;
    if (this.#worker?.isStarted === false) await this.#worker.start(this.#options.concurrency());
    this.#worker?.resume();
    emit("resumed", id, isGlobal);
  }

  paused(by: string | null): void {
    if (this.#isPausedByAll) return;
    this.#isPausedByAll = true;
    const { id, emit, fail } = this.part;
    emit("pausing", by ?? id, true);
    Promise.resolve(this.#worker?.pause()).then(() => emit("paused", by ?? id, true), fail);
  }

  resumed(by: string | null): void {
    if (!this.#isPausedByAll) return;
    this.#isPausedByAll = false;
    if (!this.#isPaused) this.#worker?.resume();
    this.part.emit("resumed", by ?? this.part.id, true);
  }

  /** Lets what runs end, and leaves. `last`: what is still to be done while it is connected. May be called twice. */
  stop(last: (part: QueuePart) => Promise<void> = async () => {}): Promise<void> {
    this.#stopping ??= this.#stop(last);
    return this.#stopping;
  }

  async #begin(): Promise<void> {
    const { settings, desk } = this.part;
    if (this.#feed !== undefined) await this.#feed.start();
    else this.#isPausedByAll = (await desk.beginFeed()).isPaused;
    if (settings.masterInterval === 0) return;
    const everyMs = Math.min(LONGEST_TIMER_MS, settings.masterInterval);
    this.#reviews = setInterval(() => void review(this.part).catch(this.part.fail), everyMs).unref();
  }

  async #stop(last: (part: QueuePart) => Promise<void>): Promise<void> {
    const { id, emit } = this.part;
    await this.listening.catch(() => {});
    emit("stopping", id);
    await this.pause("here");
    clearInterval(this.#reviews);
    await this.#feed?.stop();
    await this.#worker?.stop();
    emit("stopped", id);
    await last(this.part);
    await this.#close();
    emit("detached", id);
  }

  #requireOpen(): void {
    if (this.#stopping !== undefined) throw stopped(this.part.id);
  }
}

/** The error of whatever is asked of a queue that was stopped. */
export const stopped = (id: string) => callsheetError("stopped", "This queue was stopped.", { queueId: id });
