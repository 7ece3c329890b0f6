import { callsheetError, canMeet, capableNodes, type Explanation, explain } from "@callsheet/contract";
import type { Surroundings } from "../store/situation.ts";
import { checkId, type Desk } from "./operate.ts";

/** Says why a job stands where it stands; fails with `job_not_found`. */
export async function explainJob({ store, catalogue }: Desk, ref: string): Promise<Explanation> {
  const id = checkId(ref);
  const [job] = await store.readJobs([id]);
  const surroundings = await store.readSurroundings(id);
  if (!job || !surroundings) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
  const { definition } = await catalogue.version(surroundings.actionVersionId);
  const isDue = job.state === "pending" || job.state === "queued";
  const ahead = isDue ? await store.countAhead(id, await lanesBefore({ store }, job.site, surroundings)) : 0;
  return explain({ ...surroundings, job, action: definition, ahead });
}

/** The lanes whose jobs the nodes that could run this one may run instead. */
async function lanesBefore(
  { store }: Pick<Desk, "store">,
  site: string,
  { nodes, needs }: Surroundings,
): Promise<readonly number[]> {
  const capable = capableNodes(nodes, needs);
  const lanes = await store.lanesFor(site, [...new Set(capable.flatMap(({ types }) => types))]);
  const mayTake = ({ types, capabilities }: Surroundings["nodes"][number], lane: (typeof lanes)[number]) =>
    types.includes(lane.type) && canMeet(lane.needs, new Set(capabilities));
  return lanes.filter((lane) => capable.some((node) => mayTake(node, lane))).map(({ id }) => id);
}
