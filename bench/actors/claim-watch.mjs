import { createRequire } from "node:module";
import { nowMs } from "./clock.mjs";

// The statements with which a claim of contended jobs begins. One of plain jobs is a statement that is called a claim.
const FIRST = new Set(["candidates", "candidates_shared"]);
const isWhole = (name) => name?.startsWith("claim") === true;

/**
 * Times every claim that Callsheet makes in this process, from the moment its first statement is sent until the answer to
 * its last has come. Returns what it has seen so far, in milliseconds.
 */
export function watchClaims() {
  const pg = createRequire(import.meta.resolve("@callsheet/core"))("pg");
  const tookMs = [];
  const begun = new WeakMap();
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function timed(question, ...rest) {
    const { name, text, callback } = question ?? {};
    if (isWhole(name) || FIRST.has(name)) begun.set(this, nowMs());
    const isLast = isWhole(name) || (text === "commit" && begun.has(this));
    if (isLast && callback !== undefined) {
      const sinceMs = begun.get(this);
      begun.delete(this);
      question.callback = (error, ...answer) => {
        if (!error) tookMs.push(nowMs() - sinceMs);
        callback(error, ...answer);
      };
    }
    return query.call(this, question, ...rest);
  };
  return () => tookMs;
}
