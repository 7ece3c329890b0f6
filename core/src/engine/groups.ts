import type { GroupDesk } from "../operations/groups/create-group.ts";
import { cancelMembers } from "../operations/groups/intents.ts";
import { tendOccasion } from "../operations/timed/occasion.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";
import { wokenBy } from "./woken-by.ts";

const ROUND_MS = 2_000;
/** It is woken by each new start time, which mostly is no occurrence's. */
const GAP_MS = 250;

/** Ends what others have begun: the cancel of a group whose canceller died before it had come to all members. */
export function startGroups({ store, environment, log }: Part, desk: GroupDesk): Service {
  return startService({
    ...{ name: "groups", environment, log, everyMs: ROUND_MS, firstMs: ROUND_MS },
    round: async () => {
      for (const { id, ...authority } of await store.groupsToCancel()) await cancelMembers(desk, id, authority);
      return null;
    },
  });
}

/** Makes the groups that work on occurrences of timed actions, and ends these with them. One stands in nobody else's way. */
export function startOccasions({ store, environment, log, bus }: Part, desk: GroupDesk): Service {
  const service = startService({
    ...{ name: "occasions", environment, log, everyMs: ROUND_MS, firstMs: ROUND_MS, gapMs: GAP_MS },
    round: async () => {
      const failures: unknown[] = [];
      for (const occasion of await store.openOccasions())
        await tendOccasion(desk, occasion, environment.random).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
      return null;
    },
  });
  return wokenBy(bus, service, (hint) => hint === undefined || hint.kind === "due");
}
