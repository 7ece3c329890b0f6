import type { Invariant } from "@callsheet/contract";

/** What may be damaged of a group, `$1`, that has settled with a member completed and one failed; and by what it is found. */
export const GROUP_DAMAGES: readonly (readonly [string, Invariant, string])[] = [
  ["it counts a member twice", "I36", "update callsheet.composite set good = good + 1 where job_id = $1"],
  [
    "it is in another state than its members say",
    "I36",
    `alter table callsheet.composite disable trigger composed;
    update callsheet.composite set state = 'completed' where job_id = $1`,
  ],
  [
    "a member that failed completed",
    "I36",
    "update callsheet.outcome set state = 'completed', parent_id = null where parent_id = $1 and state = 'failed'",
  ],
  [
    "a member that had completed was run once more",
    "I38",
    `insert into callsheet.event (job_id, at, seq, event, from_state, to_state, via)
    select job_id, ended_at, seq, 'complete', from_state, state, '{running}' from callsheet.outcome
    where state = 'completed' and job_id in (select id from callsheet.job where parent_id = $1);
    update callsheet.outcome set seq = seq + 1, from_state = 'completed', via = '{pending,running}', event = 'complete'
    where state = 'completed' and job_id in (select id from callsheet.job where parent_id = $1)`,
  ],
  [
    "it has settled less often than it was begun",
    "I37",
    "update callsheet.composite set generation = 2 where job_id = $1",
  ],
  [
    "its outcome is gone",
    "S01",
    "update callsheet.composite set seq = seq - 1, line_state = 'pending' where job_id = $1; delete from callsheet.outcome where job_id = $1",
  ],
];
