import sql from "sql-template-tag";
import { expect, test } from "vitest";
import { mayTake } from "../../src/store/may-take.ts";
import { aNode } from "../../src/testing/index.ts";
import { databaseOfFile } from "./place.ts";

const file = databaseOfFile();

test("a row is taken that nobody has, or a node that has ended, or that the node itself took without hearing of it", async () => {
  const { db, store } = file.get();
  const [self, other, gone, dead] = [
    await aNode(file.get()),
    await aNode(file.get()),
    await aNode(file.get()),
    await aNode(file.get()),
  ];
  await store.endNode(gone, "gone", "test");
  await store.endNode(dead, "dead", "test");
  const mayBeTaken = async (nodeId: number | null, fence: string | null, underWay: readonly string[] = ["7"]) => {
    const row = sql`(select ${nodeId}::int as node_id, ${fence}::bigint as fence) r`;
    const { rows } = await db.query<{ may: boolean }>(sql`select ${mayTake("r", self, underWay)} as may from ${row}`);
    return rows[0]!.may;
  };
  expect(await mayBeTaken(null, null)).toBe(true);
  expect(await mayBeTaken(self, "7")).toBe(false);
  expect(await mayBeTaken(self, "8")).toBe(true);
  expect(await mayBeTaken(self, "8", [])).toBe(true);
  expect(await mayBeTaken(other, "8")).toBe(false);
  expect(await mayBeTaken(gone, "8")).toBe(true);
  expect(await mayBeTaken(dead, "7")).toBe(true);
});
