import type { Exclusion } from "@callsheet/contract";
import { InvalidArgumentError } from "commander";

const MOMENT = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?`;
const MOMENTS = new RegExp(`^(${MOMENT})\\.\\.(${MOMENT})$`);

/**
 * Collects `2026-12-25`, `2026-12-24..2027-01-01`, `2026-12-05T22:00..2026-12-06T04:00`, `12-25..01-01` of each year, and
 * `sat,sun`.
 */
export function exclusionOption(text: string, before: readonly Exclusion[] = []): readonly Exclusion[] {
  const dates = /^(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?$/.exec(text);
  if (dates !== null) return [...before, { date: dates[1]!, ...(dates[2] && { until: dates[2] }) }];
  const moments = MOMENTS.exec(text);
  if (moments !== null) return [...before, { since: moments[1]!, until: moments[2]! }];
  const yearly = /^(\d\d-\d\d)(?:\.\.(\d\d-\d\d))?$/.exec(text);
  if (yearly !== null) return [...before, { yearly: yearly[1]!, ...(yearly[2] && { until: yearly[2] }) }];
  // A day that is none is refused by the client.
  if (/^[a-z]{3}(,[a-z]{3})*$/.test(text)) return [...before, { days: text.split(",") } as Exclusion];
  throw new InvalidArgumentError(
    "It must be dates, times or days: 2026-12-25, 2026-12-24..2027-01-01, 2026-12-05T22:00..2026-12-06T04:00, 12-25, or sat,sun.",
  );
}
