import { mayReferToSecrets } from "@callsheet/contract";
import type { Claimed } from "./claim.ts";
import type { Line } from "./database.ts";

export interface LoneRequest {
  readonly nodeId: number;
  /** Lanes of plain jobs that the node can run. */
  readonly laneIds: readonly number[];
  readonly jobId: string;
}

/**
 * The job, taken; `waits`: it waits, not alone, or is not a plain one; `gone`: it waits no more, or another node is taking it;
 * `barred`: the node may take none now.
 */
export type LoneAnswer = Claimed | "waits" | "gone" | "barred";

interface Row {
  readonly isThere: boolean;
  readonly token: string | null;
  readonly versionId: number;
  readonly ownerId: number;
  readonly configuration: string;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly tags: readonly string[] | null;
  readonly size: number | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/*
 * What `claim` does, where it would find this plain job and no other in all of these lanes: by its key, without what orders
 * and gathers many. Half of what a claim costs the server is to set up its plan, and a lone job waits for all of it.
 */
const CLAIM_LONE = {
  name: "claim_lone",
  text: `
    with able as materialized (
      select where exists (select from callsheet.node where id = $1::int and state = 'up' and not paused)
        and not exists (select from callsheet.barrier for share)
    ), mine as materialized (
      select w.ctid as tid, w.state = 'pending' and w.plain and not (l.paused or l.contended or l.grouped)
        and not exists (select from callsheet.work q where q.state = 'queued' and q.lane_id = any($3::int[]))
        and not exists (select from callsheet.work q where q.state = 'pending' and q.lane_id = any($3::int[]) and q.job_id <> $2::uuid)
        as is_alone
      from callsheet.work w join callsheet.lane l on l.id = w.lane_id
      where w.job_id = $2::uuid and w.state in ('pending', 'queued')
        and exists (select from able)
      for update of w skip locked
    ), gone as (
      delete from callsheet.work where ctid = (select tid from mine where is_alone) returning job_id
    ), claimed as (
      insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids)
      select nextval('callsheet.token_number'), $1::int, callsheet.now(), 0, 1, '0'::bit varying, array[job_id] from gone
      returning token
    )
    select mine.tid is not null as "isThere", c.token::text, j.action_version_id as "versionId", j.owner_id as "ownerId",
      coalesce(j.data, j.configuration)::text as configuration,
      j.target_type as "targetType", j.target_id as "targetId", j.tags, j.size, j.variables
    from able left join mine on true left join claimed c on true left join callsheet.job j on c.token is not null and j.id = $2::uuid`,
};

/** Takes this job for a node, if nothing else waits in these lanes, in one statement that no pause can overtake. */
export async function claimLone(line: Line, { nodeId, laneIds, jobId }: LoneRequest): Promise<LoneAnswer> {
  const { rows } = await line.query<Row>({ ...CLAIM_LONE, values: [nodeId, jobId, laneIds] });
  const [row] = rows;
  if (row === undefined) return "barred";
  if (!row.isThere) return "gone";
  const { token, versionId, ownerId, configuration, targetType, targetId, tags, size, variables } = row;
  if (token === null) return "waits";
  return {
    ...{ id: jobId, token, ordinal: 1, attempt: 1, retries: 0, actionVersionId: versionId, ownerId },
    configuration: JSON.parse(configuration),
    mayReferToSecrets: mayReferToSecrets(configuration),
    target: targetId === null ? null : { type: targetType, id: targetId },
    ...{ tags: tags ?? [], locks: [], size, variables },
  };
}
