import { callsheetError, ERRORS, type ErrorCode } from "@callsheet/contract";
import type { Timer } from "./environment.ts";
import type { Pulse, PulseWord } from "./heartbeat/pulse.ts";
import { BEAT_MS, FIRST_BEAT_MS, LEASE_MS } from "./heartbeat/times.ts";
import type { Part } from "./part.ts";
import type { Life } from "./registration.ts";

export interface HeartOptions {
  readonly part: Part;
  /** Of the node. */
  readonly name: string;
  readonly life: Life;
  /** Words of superseded attempts that were refused. */
  readonly refused: () => number;
  /** The database has answered again, after a time in which the node could not be sure that it counted. */
  readonly onBack: () => void;
  /** Somebody asked the node to drain. */
  readonly onDraining: () => void;
  /** It was declared dead while it lived; answers its new life. */
  readonly onDead: () => Promise<Life>;
}

const RESTART_MS = 1_000;

/**
 * Keeps a node alive in the eyes of others, and knows whether it is. Once no heartbeat was acknowledged for its lease, others
 * may take over what it runs: until it is certain again, it starts nothing and publishes nothing. Nothing is killed.
 */
export class Heart {
  readonly #options: HeartOptions;
  #life: Life;
  #pulse: Pulse | undefined;
  #rebirth: Promise<void> | undefined;
  #again: Timer | undefined;
  #hasLapsed = false;
  #isStopped = false;

  constructor(options: HeartOptions) {
    this.#options = options;
    this.#life = options.life;
    this.#again = options.part.environment.timers.after(FIRST_BEAT_MS, () => this.#begin());
  }

  /** The number of its present life. */
  get nodeId(): number {
    return this.#life.id;
  }

  /** Whether nobody can have declared it dead for its silence. */
  get isCertain(): boolean {
    if (this.#silentMs < LEASE_MS) return true;
    this.#hasLapsed = true;
    return false;
  }

  /** Jobs were claimed whose handlers are entered next, and may not give back the event loop. */
  claimed(count: number): void {
    if (count > 0) this.#begin();
  }

  /** Begins to beat; its registration was the first heartbeat. May be called again. */
  #begin(): void {
    if (this.#isStopped) return;
    const { part, name, refused } = this.#options;
    this.#pulse ??= part.environment.startPulse(
      {
        ...{ name, refused, address: part.store.address, nodeId: this.nodeId },
        ...{ everyMs: BEAT_MS, silentMs: this.#silentMs },
      },
      (word) => this.#hear(word),
    );
  }

  /** Asks at once how the node stands. */
  look(): void {
    this.#pulse?.beat();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#again?.cancel();
    await this.#pulse?.stop();
    await this.#rebirth;
  }

  get #silentMs(): number {
    return this.#pulse?.silentMs() ?? this.#options.part.environment.monotonic() - this.#life.since;
  }

  #hear(word: PulseWord): void {
    if (this.#isStopped) return;
    const { part, onBack, onDraining } = this.#options;
    if (word.kind === "beat") {
      if (word.state === "draining") onDraining();
      if (!this.#hasLapsed) return;
      this.#hasLapsed = false;
      onBack();
    } else if (word.kind === "dead") {
      // Said again at each heartbeat: should it fail, this is done again, too.
      if (word.nodeId === this.nodeId) this.#rebirth ??= this.#beBornAgain();
    } else if (word.kind === "trouble") {
      const { code, message } = word;
      const isKnown = code !== null && code in ERRORS;
      part.log.error("heartbeat", isKnown ? callsheetError(code as ErrorCode, message) : new Error(message));
    } else {
      this.#restart();
    }
  }

  async #beBornAgain(): Promise<void> {
    try {
      this.#life = await this.#options.onDead();
      const silentMs = this.#options.part.environment.monotonic() - this.#life.since;
      this.#pulse?.follow({ nodeId: this.nodeId, silentMs });
      this.#options.onBack();
    } catch (error) {
      this.#options.part.log.error("node", error);
    } finally {
      this.#rebirth = undefined;
    }
  }

  /** Its thread has ended, for want of memory for one. */
  #restart(): void {
    const { environment } = this.#options.part;
    this.#life = { ...this.#life, since: environment.monotonic() - this.#silentMs };
    this.#pulse = undefined;
    this.#again = environment.timers.after(RESTART_MS, () => this.#begin());
  }
}
