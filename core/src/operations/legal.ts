import { legalOperations, type Operation } from "@callsheet/contract";
import type { JobFacts } from "../store/jobs.ts";

const legal = (operation: Operation) => (job: JobFacts) =>
  legalOperations(job.state, { kind: job.kind, rollback: job.rollback }).includes(operation);

/** Operations that are no event of the lifecycle, yet legal in some states only. */
export const LEGAL_FOR = {
  set_priority: legal("set_priority"),
  amend: legal("amend"),
};
