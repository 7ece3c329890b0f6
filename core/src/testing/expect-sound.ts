import type { Verification } from "@callsheet/contract";
import { verify } from "../operations/verify.ts";
import type { TestDatabase } from "./test-database.ts";

/**
 * Looks whether every invariant holds in a database, as `callsheet verify` does; fails with what breaks one. For the end of a
 * test: it may run beside nodes that work. Answers how much was looked at.
 */
export async function expectSound({ store }: Pick<TestDatabase, "store">): Promise<Verification> {
  const found = await verify(store);
  if (found.isSound) return found;
  const told = found.findings.map(({ invariant, of, lines, message }) => {
    const where = lines.length === 0 ? "" : `, line ${lines.join(" and ")}`;
    return `${invariant} ${of}${where}: ${message}`;
  });
  throw new Error(`The database is not sound. ${told.join("\n")}`);
}
