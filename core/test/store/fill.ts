import type { TestDatabase } from "../../src/testing/index.ts";
import { aLane } from "./hands.ts";

/** 20,000 jobs in all states, in two lanes, which nobody has analysed and nobody will. */
export async function fill(database: TestDatabase): Promise<void> {
  const lanes = [await aLane(database), await aLane(database)];
  for (const table of ["job", "work", "outcome", "event_rest", "claim"])
    await run(database, `alter table callsheet.${table} set (autovacuum_enabled = off)`);
  const [one, two] = lanes.map(({ defaults }) => defaults);
  await run(
    database,
    `insert into callsheet.job (id, created_at, start_at, created_xid, action_id, action_version_id, owner_id, lane_id, first_state, kind,
      origin, configuration_version, rank, configuration, target_type, target_id, tags, idempotency_key)
    select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), now() - n * interval '1 second', 1,
      case n % 2 when 0 then ${one!.actionId} else ${two!.actionId} end, case n % 2 when 0 then ${one!.actionVersionId} else ${two!.actionVersionId} end,
      ${one!.ownerId}, case n % 2 when 0 then ${one!.laneId} else ${two!.laneId} end, 'pending', 'job', 'library', 1, n % 6, '{}',
      'file', case when n % 10 = 0 then 'target ' || n % 500 end, case when n % 10 = 1 then array['tag ' || n % 500] end,
      case when n % 10 = 2 then 'key ' || n end
    from generate_series(1, 20000) n`,
  );
  await run(
    database,
    `insert into callsheet.work (job_id, due_at, turn, token, started_at, deadline, lane_id, owner_id, action_version_id, seq, attempt,
      retries, node_id, state, line_state, rollback, rank, crashes, intent, plain)
    select id, start_at, case when n % 10 = 1 then n end, case when n % 10 = 3 then n end, null, case when n % 10 = 3 then start_at end,
      lane_id, owner_id, action_version_id, 1, 0, 0, case when n % 10 = 3 then 1 end,
      (array['pending', 'queued', 'pending', 'running', 'scheduled', 'pending', 'retrying', 'paused', 'created', 'pending'])[n % 10 + 1]::callsheet.job_state,
      'pending', 'none', rank, 0, 0, n % 10 in (0, 2)
    from (select j.*, row_number() over (order by id) as n from callsheet.job j) j where n <= 8000`,
  );
  await run(
    database,
    `insert into callsheet.outcome (job_id, ended_at, started_at, xid, token, node_id, seq, attempt, retries, state, from_state, rollback, crashes, queued)
    select id, now(), now(), 1, n, 1, 2, 1, 0, (case when n % 20 = 0 then 'failed' else 'completed' end)::callsheet.job_state, 'pending', 'none', 0, false
    from (select j.*, row_number() over (order by id) as n from callsheet.job j) j where n > 8100`,
  );
  await run(
    database,
    `insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids)
    select n, 1, now(), 0, 50, repeat('0', 50)::bit varying, (select array_agg(id) from (select id from callsheet.job order by id offset 8000 + 50 * (n - 1) limit 50) j)
    from generate_series(1, 2) n`,
  );
  await run(database, "insert into callsheet.object (key) select 'asset/' || n from generate_series(1, 5000) n");
  await run(
    database,
    `insert into callsheet.event (job_id, at, seq, event, from_state, to_state) select id, now(), 2, 'start', 'pending', 'running' from callsheet.job`,
  );
}

export async function analyse(database: TestDatabase): Promise<void> {
  await run(database, "analyze");
}

const run = (database: TestDatabase, text: string) => database.db.query({ text, values: [] });
