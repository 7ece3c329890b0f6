import { cancelMembers } from "../operations/groups/intents.ts";
import type { Desk } from "../operations/operate.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

const ROUND_MS = 2_000;

/** Ends what others have begun: the cancel of a group whose canceller died before it had come to all members. */
export function startGroups({ store, environment, log }: Part, desk: Desk): Service {
  return startService({
    ...{ name: "groups", environment, log, everyMs: ROUND_MS, firstMs: ROUND_MS },
    round: async () => {
      for (const { id, ...authority } of await store.groupsToCancel()) await cancelMembers(desk, id, authority);
      return null;
    },
  });
}
