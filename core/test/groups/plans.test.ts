import { expect, test } from "vitest";
import { aGroup } from "../../src/testing/index.ts";
import { databaseOfFile } from "../store/place.ts";

const file = databaseOfFile();

test("the end of a member reads no other member, however many there are", async () => {
  const { store, db } = file.get();
  const { id, members } = await aGroup(file.get(), [
    { state: "running" },
    ...Array.from({ length: 300 }, () => ({ state: "pending" }) as const),
  ]);
  await db.transaction(async (tx) => {
    await tx.query({
      text: "select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)",
      values: [],
    });
    const reads = async () => {
      const { rows } = await tx.query<{ reads: number }>({
        text: `select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::int as reads
          from pg_stat_xact_user_tables where relname in ('job', 'work', 'outcome', 'composite')`,
        values: [],
      });
      return rows[0]!.reads;
    };
    const before = await reads();
    await tx.query({ text: "delete from callsheet.work where job_id = $1", values: [members[0]!.id] });
    await tx.query({
      text: `insert into callsheet.outcome (job_id, ended_at, xid, seq, attempt, retries, state, from_state, rollback, crashes, queued, event, parent_id)
        values ($1, now(), 1, 3, 1, 0, 'failed', 'running', 'none', 0, false, 'fail', $2)`,
      values: [members[0]!.id, id],
    });
    await tx.query({ text: "set constraints all immediate", values: [] });
    // The member's own row, its group, and the group's job.
    expect((await reads()) - before).toBeLessThan(10);
  });
  expect(await store.readGroup(id)).toMatchObject({ counts: { bad: 1, waiting: 300 } });
});
