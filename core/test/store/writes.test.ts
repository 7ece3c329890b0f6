import { describe, expect, test } from "vitest";
import type { TestDatabase } from "../../src/testing/index.ts";
import { aNode } from "../../src/testing/index.ts";
import { aLane, createMany } from "./hands.ts";
import { withDatabase } from "./place.ts";

/** Rows that a table was written, as the server counted them. */
interface Writes {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Every write to a table of ours since the database was made. Sessions report when they are idle; this one at once. */
async function writesSoFar(database: TestDatabase): Promise<Record<string, Writes>> {
  const { rows } = await database.db.query<Writes & { name: string }>({
    text: `
      select relname as name, n_tup_ins::int as inserted, n_tup_upd::int as updated, n_tup_del::int as deleted
      from (select pg_stat_force_next_flush(), pg_stat_clear_snapshot()) f, pg_stat_user_tables
      where schemaname = 'callsheet'`,
    values: [],
  });
  return Object.fromEntries(rows.map(({ name, ...writes }) => [name, writes]));
}

type WritesOf = (act: () => Promise<unknown>) => Promise<Record<string, string>>;

/** Tells the writes that an act makes, as the server counts them; tables that it leaves alone are absent. */
async function aCounter(database: TestDatabase): Promise<WritesOf> {
  let before = await settled(database);
  return async (act) => {
    await act();
    const after = await settled(database);
    const found = difference(before, after);
    before = after;
    return found;
  };
}

function difference(before: Record<string, Writes>, after: Record<string, Writes>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [table, { inserted, updated, deleted }] of Object.entries(after)) {
    const old = before[table] ?? { inserted: 0, updated: 0, deleted: 0 };
    const parts = [
      ["inserted", inserted - old.inserted],
      ["updated", updated - old.updated],
      ["deleted", deleted - old.deleted],
    ].filter(([, count]) => count !== 0);
    if (parts.length > 0) found[table] = parts.map(([verb, count]) => `${count} ${verb}`).join(", ");
  }
  return found;
}

/** Reads until nothing changes any more: other sessions report their counts at most once a second. */
async function settled(database: TestDatabase): Promise<Record<string, Writes>> {
  let last = "";
  for (let same = 0; ; ) {
    const now = await writesSoFar(database);
    const text = JSON.stringify(now);
    same = text === last ? same + 1 : 0;
    last = text;
    if (same >= 12) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Each waits, on a database of its own, for the sessions to report: they may wait together.
describe.concurrent("writes", () => {
  test(
    "a plain job costs two rows at its creation, one row less at its claim, one row at its end",
    withDatabase(async (database) => {
      const { store } = database;
      const lane = await aLane(database);
      const nodeId = await aNode(database);
      const hot = await store.openHotPath("writes");
      const writesOf = await aCounter(database);
      let jobs: Awaited<ReturnType<typeof hot.claim>>["jobs"] = [];

      expect(await writesOf(() => createMany(database, lane, 100))).toEqual({
        job: "100 inserted",
        work: "100 inserted",
      });
      // One row of claim for the whole batch.
      const claimed = await writesOf(async () => {
        ({ jobs } = await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 100 }));
      });
      expect(claimed).toEqual({ work: "100 deleted", claim: "1 inserted" });
      const { token } = jobs[0]!;
      const half = (from: number) => Array.from({ length: 50 }, (_, n) => from + n);
      const completion = (ordinals: number[]) => ({
        ...{ token, size: 100, ordinals, results: ordinals.map(() => "{}"), offsets: ordinals.map(() => 0) },
      });
      expect(await writesOf(() => hot.complete([completion(half(1))]))).toEqual({
        outcome: "50 inserted",
        claim: "1 updated",
      });
      expect(await writesOf(() => hot.complete([completion(half(51))]))).toEqual({
        outcome: "50 inserted",
        claim: "1 deleted",
      });
      await hot.close();
    }),
  );

  test(
    "an idle look costs no write",
    withDatabase(async (database) => {
      const { store } = database;
      const lane = await aLane(database);
      const nodeId = await aNode(database);
      const hot = await store.openHotPath("writes");
      const idle = async () => {
        await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 100 });
        await store.comeDue(100);
        await store.overdueJobs(100);
        await store.transaction(async (tx) => {
          await tx.becomeAdmitter();
          await tx.queuedJobs();
          await tx.pendingHeads(100);
        });
      };
      const writesOf = await aCounter(database);
      expect(await writesOf(idle)).toEqual({});
      await hot.close();
    }),
  );

  test(
    "a job that outlives its claim's moment costs a row of its own, a line, and at its end one row more",
    withDatabase(async (database) => {
      const { store } = database;
      const lane = await aLane(database);
      const nodeId = await aNode(database);
      await createMany(database, lane, 3);
      const hot = await store.openHotPath("writes");
      const { jobs } = await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 3 });
      const [first] = jobs;
      const writesOf = await aCounter(database);
      const anchored = () => store.transaction((tx) => tx.anchorMembers(first!.token, [first!.id]));
      expect(await writesOf(anchored)).toEqual({
        work: "1 inserted",
        event_rest: "1 inserted",
        claim: "1 updated",
      });
      const change = { id: first!.id, token: first!.token, to: "completed" } as const;
      const ended = () => store.transition({ event: "complete", changes: [change] });
      expect(await writesOf(ended)).toEqual({ work: "1 deleted", outcome: "1 inserted" });
      await hot.close();
    }),
  );
});
