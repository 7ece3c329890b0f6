import type { Watermark } from "./claim.ts";

/** A job that comes first, whether it was looked at or not. */
export interface Head extends Watermark {
  readonly laneId: number;
  /** The first of the queue; else the first pending one of its lane. */
  readonly isQueued: boolean;
}

/** Where jobs are passed over, as parameter number `inUse` is given, those that come first in the lanes of `asked`, and in the queue of them all. */
export const headsText = (inUse: number) => `case when $${inUse}::int[] is not null then (
      select json_agg(json_build_object('laneId', lane_id, 'rank', rank, 'dueAt', due_at::text, 'id', job_id, 'isQueued', is_queued))
      from (
        select a.lane_id, h.rank, h.due_at, h.job_id, false as is_queued from asked a cross join lateral (
          select w.rank, w.due_at, w.job_id from callsheet.work w
          where w.state = 'pending' and w.lane_id = a.lane_id and (w.rank, w.due_at, w.job_id) >= (a.rank, a.due_at, a.job_id)
          order by w.rank, w.due_at, w.job_id limit 1
        ) h
        union all
        (select w.lane_id, w.rank, w.due_at, w.job_id, true from callsheet.work w
        where w.state = 'queued' and w.turn >= 0 and w.lane_id = any(array(select lane_id from asked)) order by w.turn limit 1)
      ) h) end`;
