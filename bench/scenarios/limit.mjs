import pg from "pg";
import { nowMs } from "../actors/clock.mjs";

const TABLE = `
  create table job (id bigint generated always as identity primary key, priority int not null, state smallint not null default 0, body text not null);
  create index on job (priority, id) where state = 0`;

const INSERT = `
  do $$ begin
    for batch in 1..BATCHES loop
      insert into job (priority, body) select n % 5, '{"i":1,"to":"user@example.com","k":"abcdefgh"}' from generate_series(1, 1000) n;
      commit;
    end loop;
  end $$`;

const CLAIM_AND_COMPLETE = `
  do $$ declare claimed bigint[]; begin
    loop
      with picked as (select id from job where state = 0 order by priority, id limit 1000 for update skip locked),
           changed as (update job set state = 1 where id in (select id from picked) returning id)
      select array_agg(id) into claimed from changed;
      commit;
      exit when claimed is null;
      delete from job where id = any(claimed);
      commit;
    end loop;
  end $$`;

/**
 * What this server does by itself: loops inside PostgreSQL that insert, and that claim by update and complete by delete, a
 * thousand rows a durable commit, with no client in the way. A yardstick for claim-by-update, not a proven ceiling.
 * @param {{count: number, sessions: number}} size
 */
export const serverLimit = ({ count, sessions }) => ({
  title: `the server alone, ${sessions} session${sessions === 1 ? "" : "s"}`,
  alone: true,
  variants: () => [""],
  play: async (stage) => {
    const { store } = stage;
    await store.query(TABLE);
    const meter = await stage.meter([]);
    const batches = Math.ceil(count / 1000 / sessions);
    const jobs = batches * 1000 * sessions;
    const insertMs = await inSessions(store.url, sessions, INSERT.replace("BATCHES", String(batches)));
    await store.analyse();
    const drainMs = await inSessions(store.url, sessions, CLAIM_AND_COMPLETE);
    const { cost, load } = await meter.read(jobs);
    const [{ left }] = await store.query("select count(*)::int as left from job");
    const figures = { rate: (jobs * 1000) / drainMs, insertRate: (jobs * 1000) / insertMs };
    return { figures, cost, load, counts: { attempted: jobs, finished: jobs - left, left, lost: 0, doubled: 0 } };
  },
});

async function inSessions(url, sessions, text) {
  const clients = Array.from({ length: sessions }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const startMs = nowMs();
  await Promise.all(clients.map((client) => client.query(text)));
  const took = nowMs() - startMs;
  await Promise.all(clients.map((client) => client.end()));
  return took;
}
