import { createRequire } from "node:module";
import { nowMs } from "./clock.mjs";

// The statements that a claim of Callsheet begins with: of plain jobs it is all of it, of contended ones the transaction's first.
const FIRST = new Set(["claim", "candidates"]);

/**
 * Times every claim that Callsheet makes in this process, from the moment its first statement is sent until the answer to
 * its last has come. Returns what it has seen so far, in milliseconds.
 */
export function watchClaims() {
  const pg = createRequire(import.meta.resolve("@callsheet/core"))("pg");
  const tookMs = [];
  const begun = new WeakMap();
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function timed(config, ...rest) {
    if (FIRST.has(config?.name)) begun.set(this, nowMs());
    const answer = query.call(this, config, ...rest);
    const isLast = config?.name === "claim" || (config?.text === "commit" && begun.has(this));
    if (isLast && typeof answer?.then === "function") {
      const sinceMs = begun.get(this);
      begun.delete(this);
      answer.then(
        () => tookMs.push(nowMs() - sinceMs),
        () => {},
      );
    }
    return answer;
  };
  return () => tookMs;
}
