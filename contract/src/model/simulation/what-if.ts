import { callsheetError } from "../errors.ts";
import type { Day, DayLimit } from "./day.ts";

/** What is to be otherwise than it was. */
export interface WhatIf {
  /** Capacities by the name of a resource, or of a limit: `action/NAME`, `queue/NAME`, `site/NAME`. They count all day. */
  readonly capacities?: Readonly<Record<string, number>>;
  /** Slots of each node; where there is no node, of one that is made up. */
  readonly slots?: number;
}

/** The same day with other capacities. Fails with `invalid_argument` for a resource that it does not have. */
export function changeDay(day: Day, { capacities = {}, slots }: WhatIf): Day {
  const changed = Object.entries(capacities).reduce(setCapacity, day);
  if (slots === undefined) return changed;
  const sites = [...new Set(day.jobs.map(({ site }) => site))];
  const nodes =
    day.nodes.length > 0
      ? day.nodes.map((node) => ({ ...node, slots }))
      : sites.map((site) => ({ name: site, site, slots }));
  return { ...changed, nodes };
}

function setCapacity(day: Day, [name, capacity]: readonly [string, number]): Day {
  if (!Number.isSafeInteger(capacity) || capacity < 0)
    throw callsheetError("invalid_argument", `${name}: a capacity is a whole number, 0 or more.`, { field: name });
  const [, scope, limited] = /^(action|queue|site)\/(.+)$/.exec(name) ?? [];
  if (scope !== undefined && limited !== undefined) {
    const limit = { scope: scope as DayLimit["scope"], name: limited, running: capacity };
    const others = day.limits.filter((one) => one.scope !== limit.scope || one.name !== limit.name);
    return { ...day, limits: [...others, limit] };
  }
  const known = day.resources.map((resource) => resource.name);
  if (!known.includes(name)) {
    const names = known.length === 0 ? "none" : [...new Set(known)].join(", ");
    throw callsheetError("invalid_argument", `The day has no resource "${name}"; it has ${names}.`, { field: name });
  }
  const resources = day.resources.map((one) => (one.name === name ? { ...one, capacity, windows: [] } : one));
  return { ...day, resources };
}
