import {
  callsheetError,
  canMeet,
  capableNodes,
  type Explanation,
  explain,
  explainGroup,
  FORECASTABLE,
  MOST_AHEAD,
  type Situation,
} from "@callsheet/contract";
import type { ClaimLane } from "../store/dictionary.ts";
import type { Surroundings } from "../store/situation.ts";
import { getGroup } from "./groups/read-group.ts";
import { checkId, type Desk } from "./operate.ts";
import { outlookOf } from "./outlook.ts";

/** Says why a job stands where it stands, and when it is expected to start; fails with `job_not_found`. */
export async function explainJob(desk: Desk, ref: string): Promise<Explanation> {
  const id = checkId(ref);
  if (await desk.store.isGroup(id)) return explainGroup(await getGroup(desk, id));
  const { explanation, hasMoved } = await lookAt(desk, id);
  return hasMoved ? (await lookAt(desk, id)).explanation : explanation;
}

async function lookAt(
  desk: Desk,
  id: string,
): Promise<{ readonly explanation: Explanation; readonly hasMoved: boolean }> {
  const { store, catalogue } = desk;
  const [job] = await store.readJobs([id]);
  const surroundings = await store.readSurroundings(id);
  if (!job || !surroundings) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
  const { definition: action } = await catalogue.version(surroundings.actionVersionId);
  const isDue = job.state === "pending" || job.state === "queued";
  const lanes = await lanesBefore(desk, surroundings);
  const [ahead, pools, objects] = await Promise.all([
    isDue
      ? store.countAhead(
          id,
          lanes.map((lane) => lane.id),
          MOST_AHEAD + 1,
        )
      : [],
    store.readPoolsInSight(surroundings.lane),
    store.readObjects(surroundings.locks.map(({ key }) => key)),
  ]);
  const facts = { ...surroundings, job, action, pools, objects, ahead: sum(ahead.map(({ count }) => count)) };
  const outlook = FORECASTABLE.has(job.state)
    ? await outlookOf(desk, facts, lanes, ahead)
    : { forecast: null, expectedMs: null };
  const explanation = explain({ ...facts, ...outlook } satisfies Situation);
  // What is read of it is read one after the other: one that seems to stand in its own way has begun meanwhile, or come to stand in line.
  const standsInLine = objects.some(({ tickets }) => tickets.some(({ jobId, held }) => jobId === id && !held));
  return { explanation, hasMoved: explanation.blockers.includes(id) || (facts.ticket === null && standsInLine) };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The lanes whose jobs the nodes that could run this one may run instead. */
async function lanesBefore(
  { store }: Desk,
  { nodes, lane: { site, needs } }: Surroundings,
): Promise<readonly ClaimLane[]> {
  const capable = capableNodes(nodes, needs);
  if (capable.length === 0) return [];
  const lanes = await store.lanesFor(site, [...new Set(capable.flatMap(({ codes }) => Object.keys(codes)))]);
  const mayTake = ({ codes, capabilities }: Surroundings["nodes"][number], lane: ClaimLane) =>
    canMeet(lane.needs, { code: codes[lane.type], capabilities: new Set(capabilities) });
  return lanes.filter((lane) => capable.some((node) => mayTake(node, lane)));
}
