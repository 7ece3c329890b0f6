import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { nowMs } from "./clock.mjs";

const BETWEEN_MS = 12;

/**
 * Reads something again and again, in turn with a statement that reads nothing, on a session of this process as well: what
 * both wait for is the machine. `stop` answers when each began and how long it took, in milliseconds.
 * @param {string} url
 * @param {() => Promise<unknown>} read
 */
export async function readInTurn(url, read) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const timed = { read: [], bare: [] };
  let isOver = false;
  const time = async (times, ask) => {
    await pause(BETWEEN_MS);
    const startMs = nowMs();
    await ask();
    times.push({ startMs, tookMs: nowMs() - startMs });
  };
  const reading = (async () => {
    while (!isOver) {
      await time(timed.read, read);
      await time(timed.bare, () => client.query("select 1"));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await reading;
      await client.end();
      return timed;
    },
  };
}
