import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Algorithm } from "./checksum.ts";
import type { Answer, Question } from "./message.ts";

/** Checksums that are made on a thread of their own, so that whatever else this process does is not held up. */
export interface Hashing {
  /** Takes the next piece, which must lie in shared memory and stay as it is until this resolves. */
  update(piece: Uint8Array): Promise<unknown>;
  /** The digits of what was fed so far, in the order of the algorithms; more may follow. */
  digits(): Promise<readonly string[]>;
}

/** Begins checksums, hands them to `use`, and forgets them whatever happens. */
export async function withHashing<Result>(
  algorithms: readonly Algorithm[],
  use: (hashing: Hashing) => Promise<Result>,
): Promise<Result> {
  const thread = leastBusy();
  thread.hashings += 1;
  lastId += 1;
  const id = lastId;
  const ask = (question: Question["ask"]) => thread.ask({ id, ask: question });
  try {
    await ask({ kind: "begin", algorithms });
    return await use({
      update: (piece) => ask({ kind: "piece", piece }),
      digits: () => ask({ kind: "digits" }),
    });
  } finally {
    thread.hashings -= 1;
    // A thread that has died needs no farewell.
    ask({ kind: "end" }).catch(() => undefined);
  }
}

/** Memory that a thread sees without a copy. */
export function sharedBuffer(bytes: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}

/** Compiled: a thread cannot be started from TypeScript, and tests run this file as it stands. */
const MODULE = new URL("../../dist/hashing/thread.js", import.meta.url);
const MOST_THREADS = Math.min(availableParallelism(), 8);

let lastId = 0;
const threads = new Set<Thread>();

/** One that is idle, else a new one, else, when there are enough, the one with the fewest hashings. */
function leastBusy(): Thread {
  const [first] = [...threads].sort((one, other) => one.hashings - other.hashings);
  if (first !== undefined && (first.hashings === 0 || threads.size >= MOST_THREADS)) return first;
  const thread = new Thread();
  threads.add(thread);
  return thread;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Lives as long as the process, which it does not keep alive unless somebody waits for it. */
class Thread {
  hashings = 0;
  readonly #worker = new Worker(MODULE);
  readonly #waiting: Waiting[] = [];
  #death: Error | undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on("message", (answer: Answer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on("error", (error) => this.#die(error));
    this.#worker.on("exit", () => this.#die(new Error("The thread that makes checksums has ended.")));
  }

  ask(question: Question): Promise<Answer> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(question);
    });
  }

  #die(error: Error): void {
    this.#death ??= error;
    threads.delete(this);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#death);
  }
}
