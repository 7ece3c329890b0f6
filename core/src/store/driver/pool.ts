import pg from "pg";
import type { Transaction } from "../connection.ts";
import { isConnectionLoss } from "../failure.ts";
import { isRead, type Queryable } from "../statement.ts";
import { Client, type ClientConfig } from "./client.ts";
import { BEGIN, COMMIT } from "./line.ts";
import { reach } from "./reach.ts";
import { type Manner, run } from "./run.ts";

type Pooled = Client & pg.PoolClient;
type CheckOut = () => Promise<Pooled>;

/**
 * A connection costs the server as much as some twenty short statements: another one is opened when none was free for so long.
 * Where processors are short, short statements take tens of milliseconds, and more connections only make them longer.
 */
const BUSY_MS = 100;

/** Connections for everything but the hot path. */
export interface Pool extends Queryable {
  /** Runs work in one transaction; statements take the patience of `manner` where they name none. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, manner: Manner): Promise<T>;
  /** Waits until the server has closed every connection. */
  close(): Promise<void>;
}

export function openPool(config: ClientConfig, size: number, manner: Manner, onError: (error: Error) => void): Pool {
  const pool = new pg.Pool({
    ...config,
    Client: Client as never,
    max: size,
    min: 1,
  });
  pool.on("error", onError);
  const untilFree = waitForRelease(pool, config);
  const checkOut: CheckOut = () =>
    reach(config, async () => {
      if (pool.totalCount > 0 && pool.idleCount <= pool.waitingCount) await untilFree();
      return pool.connect() as Promise<Pooled>;
    });
  let openCount = 0;
  pool.on("connect", () => {
    openCount += 1;
  });
  pool.on("remove", () => {
    openCount -= 1;
  });
  return {
    query: async (statement) => {
      const ask = (client: Client) => run<never>(client, manner, statement);
      const { client, answer } = await take(checkOut, ask, isRead(statement));
      client.release();
      return answer;
    },
    transaction: (work, own) => transaction(checkOut, work, own),
    close: async () => {
      // This has said goodbye on every connection, but waits for none: a server that is stopped right after it would
      // still answer with an error.
      const emptied = new Promise<void>((resolve) => {
        pool.on("remove", () => openCount === 0 && resolve());
      });
      await pool.end();
      if (openCount > 0) await emptied;
    },
  };
}

/** Answers how to wait until a connection is released, each to one who waits; or a moment at most. */
function waitForRelease(pool: pg.Pool, { clock }: ClientConfig): () => Promise<void> {
  const waiting: (() => void)[] = [];
  pool.on("release", () => waiting.shift()?.());
  return () =>
    new Promise((resolve) => {
      const goOn = () => {
        timer.cancel();
        resolve();
      };
      const timer = clock.timers.after(BUSY_MS, () => {
        waiting.splice(waiting.indexOf(goOn), 1);
        resolve();
      });
      waiting.push(goOn);
    });
}

/**
 * Takes a connection and asks on it. One that stood idle may have been lost unnoticed, by a restart of the server for one:
 * what can be asked twice is asked again then, once, on a new connection. The caller releases it.
 */
async function take<T>(
  checkOut: CheckOut,
  ask: (client: Client) => Promise<T>,
  isRepeatable: boolean,
): Promise<{ readonly client: Pooled; readonly answer: T }> {
  const client = await checkOut();
  const stoodIdle = client.isUsed;
  try {
    return await first(client, ask);
  } catch (error) {
    if (!stoodIdle || !isRepeatable || !isConnectionLoss(error)) throw error;
  }
  return first(await checkOutNew(checkOut), ask);
}

async function first<T>(client: Pooled, ask: (client: Client) => Promise<T>) {
  client.isUsed = true;
  try {
    return { client, answer: await ask(client) };
  } catch (error) {
    client.release(isConnectionLoss(error));
    throw error;
  }
}

/** What happened to one idle connection has happened to all: they make room. */
async function checkOutNew(checkOut: CheckOut): Promise<Pooled> {
  for (;;) {
    const client = await checkOut();
    if (!client.isUsed) return client;
    client.release(true);
  }
}

async function transaction<T>(checkOut: CheckOut, work: (tx: Transaction) => Promise<T>, manner: Manner): Promise<T> {
  const { client } = await take(checkOut, (one) => run(one, manner, BEGIN), true);
  let isBroken = false;
  const tx: Transaction = { session: client.session!, query: (statement) => run(client, manner, statement) };
  try {
    const result = await work(tx);
    await tx.query(COMMIT);
    return result;
  } catch (error) {
    isBroken =
      isConnectionLoss(error) ||
      (await tx.query({ text: "rollback", values: [] }).then(
        () => false,
        () => true,
      ));
    throw error;
  } finally {
    client.release(isBroken);
  }
}
