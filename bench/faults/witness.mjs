import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const LOOK_MS = 50;

/**
 * What the processes of one run said, read from their file.
 * @param {string} file
 * @returns {{said: () => import("./judge.mjs").Said[], until: (holds: (said: import("./judge.mjs").Said[]) => boolean, mostMs: number) => Promise<boolean>}}
 *   `until` answers whether it came to hold in time
 */
export function readWitness(file) {
  const said = () =>
    readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1) // what follows the last line end is not written yet
      .map((line) => JSON.parse(line));
  const until = async (holds, mostMs) => {
    const end = Date.now() + mostMs;
    while (!holds(said())) {
      if (Date.now() > end) return false;
      await pause(LOOK_MS);
    }
    return true;
  };
  return { said, until };
}
