import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { defineActionType } from "@callsheet/contract";
import { makeTemporaryDirectory, openPrivateServer, type PrivateServer, removeTemporary } from "@callsheet/postgres";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Callsheet } from "../../src/index.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { until } from "../../src/testing/index.ts";
import type { Registry } from "./nemesis.ts";
import { ACTIONS, CAPACITY } from "./plan.ts";
import { openWitness, type Witness } from "./witness.ts";

/** A look is work for the server, which has enough of it. */
export const LOOK_MS = 200;

export interface Place {
  readonly server: PrivateServer;
  readonly db: Database;
  readonly store: ReturnType<typeof createStore>;
  readonly cs: Callsheet;
  readonly witness: Witness;
}

export async function aPlace(): Promise<Place> {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => removeTemporary(directory));
  const server = await openPrivateServer({ dataDir: join(directory, "data") });
  onTestFinished(() => server.close());
  const cs = await Callsheet.open({ databaseUrl: server.url, onError: () => {} });
  onTestFinished(() => cs.close());
  const db = openDatabase({
    ...{ connection: { connectionString: server.url }, schema: "callsheet", poolSize: 4 },
    ...{ clock: systemEnvironment(), onError: () => {} },
  });
  onTestFinished(() => db.close());
  return { server, db, store: createStore(db), cs, witness: openWitness() };
}

/** What may fail while the server is away is done again until it answers. */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
  return until(
    async () => {
      try {
        return { answer: await work() };
      } catch (error) {
        if ((error as { code?: string }).code !== "database_lost") throw error;
        return undefined;
      }
    },
    { deadlineMs: 60_000, what: "An answer of the server" },
  ).then(({ answer }) => answer);
}

export async function declare({ cs }: Place): Promise<void> {
  const type = defineActionType({ type: "chaos", version: 1, configuration: z.looseObject({}), run: async () => null });
  await cs.resources.put("gpu", { capacity: CAPACITY });
  for (const fields of Object.values(ACTIONS)) await cs.actions.put({ ...fields, type });
}

const NODES = `
  select id, name, state, pid, counter, ended_at, claims, work from callsheet.node n
  cross join lateral (select count(*)::int as claims from callsheet.claim where node_id = n.id) c
  cross join lateral (select count(*)::int as work from callsheet.work where node_id = n.id) w
  where state in ('up', 'draining') or claims + work > 0 order by id`;
const SESSIONS = `
  select pid, application_name as name, state, wait_event, (now() - xact_start)::text as since, pg_blocking_pids(pid) as behind, left(query, 150) as query
  from pg_stat_activity where datname = current_database() and state <> 'idle' order by xact_start`;

/** What the database knows of nodes that live or have left something behind, and which of its sessions are at work. */
export async function stateOf({ db }: Place): Promise<string> {
  const tell = async (text: string) => {
    const { rows } = await insist(() => db.query({ text, values: [] }));
    return rows.map((row) => JSON.stringify(row));
  };
  return [...(await tell(NODES)), ...(await tell(SESSIONS))].join("\n");
}

export function registryOf({ db }: Place): Registry {
  const ask = async (text: string, pid: number) => {
    await setTimeout(LOOK_MS);
    const { rows } = await insist(() => db.query<{ yes: boolean }>({ text: `select ${text} as yes`, values: [pid] }));
    return rows[0]!.yes;
  };
  const LAST = "(select id from callsheet.node where pid = $1 order by id desc limit 1)";
  return {
    isOver: (pid) =>
      ask(
        `(select state = 'dead' from callsheet.node where id = ${LAST})
         and not exists (select from callsheet.work where node_id = ${LAST}) and not exists (select from callsheet.claim where node_id = ${LAST})`,
        pid,
      ),
    isUp: (pid) => ask(`(select state = 'up' from callsheet.node where id = ${LAST})`, pid),
  };
}
