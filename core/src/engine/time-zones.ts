import { callsheetError, differingTimeZones } from "@callsheet/contract";
import type { Part } from "./part.ts";

/** Says so if nodes that have not ended have different time zone data. */
export async function sayTimeZones({ store, log }: Pick<Part, "store" | "log">): Promise<void> {
  const versions = differingTimeZones(await store.standingNodes());
  if (versions === undefined) return;
  const message =
    `Nodes have different time zone data: ${versions}. For local times to come, rules may come to other instants on one than on ` +
    "another; nothing fires twice. Update Node.js, which brings the data, on those with the older.";
  log.error("time zones", callsheetError("time_zones_differ", message));
}
