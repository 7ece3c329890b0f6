import { applyWindows } from "../operations/windows.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";
import { wokenBy } from "./woken-by.ts";

/** Windows begin and end at whole minutes. */
const MINUTE_MS = 60_000;
/** A node that starts is not to wait for it. */
const FIRST_MS = 500;

/** Gives resources the capacity that their windows say, at each of their edges. Lower ones revoke nothing. */
export function startCapacity({ store, environment, log, bus }: Part): Service {
  let hasLooked = false;
  const service = startService({
    name: "capacity",
    environment,
    log,
    everyMs: MINUTE_MS,
    firstMs: FIRST_MS,
    round: async () => {
      hasLooked = true;
      const now = await applyWindows(store, (hint) => bus.publish(hint));
      return MINUTE_MS - (now.getTime() % MINUTE_MS);
    },
  });
  return wokenBy(bus, service, (hint) => hint === undefined && hasLooked);
}
