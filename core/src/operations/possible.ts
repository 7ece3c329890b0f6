import { type CallsheetError, callsheetError } from "@callsheet/contract";
import type { NeedyLane, Pool } from "../store/pools.ts";
import type { Catalogue } from "./catalogue.ts";

type Units = Readonly<Record<string, number>>;

/** What a pool could have at any time of the day. */
export type Ceiling = Pick<Pool, "name" | "scope" | "base" | "tags" | "windows">;

/** Whether jobs at a site may take units of a pool for a need, by its name or a tag. */
function meets({ name, scope, tags }: Ceiling, need: string, site: string): boolean {
  if (!need.startsWith("#") ? name !== need : !tags.includes(need.slice(1))) return false;
  // A node may come to any site.
  return scope === "cluster" || scope === `site/${site}` || scope.startsWith("node/");
}

/** Whether jobs of a lane may take units of a pool. */
export function mayServe(pool: Ceiling, { units, site }: Pick<NeedyLane, "units" | "site">): boolean {
  return Object.keys(units).some((need) => meets(pool, need, site));
}

/**
 * The most units that jobs at a site could ever have of a need; undefined: nothing there is called that. What nodes bring is
 * not bounded by those that are known.
 */
export function mostOf(need: string, site: string, pools: readonly Ceiling[]): number | undefined {
  const found = pools.filter((pool) => meets(pool, need, site));
  if (found.length === 0) return undefined;
  if (found.some(({ scope }) => scope.startsWith("node/"))) return Number.POSITIVE_INFINITY;
  // A site's own resource stands before the cluster's of the same name.
  const nearest = found.filter(
    ({ name, scope }) =>
      scope !== "cluster" || !found.some((other) => other.scope !== "cluster" && other.name === name),
  );
  return Math.max(...nearest.map(({ base, windows }) => Math.max(base, ...windows.map(({ capacity }) => capacity))));
}

/** Refuses needs that can never be met: `unknown_resource`, `impossible_need`. */
export async function requirePossible(
  { resources, forgetResources }: Pick<Catalogue, "resources" | "forgetResources">,
  units: Units,
  site: string,
): Promise<void> {
  if (Object.keys(units).length === 0 || refusal(units, site, await resources()) === undefined) return;
  // Somebody may have put it a moment ago.
  forgetResources();
  const refused = refusal(units, site, await resources());
  if (refused) throw refused;
}

function refusal(units: Units, site: string, pools: readonly Ceiling[]): CallsheetError | undefined {
  for (const [need, wanted] of Object.entries(units)) {
    const most = mostOf(need, site, pools);
    const details = { need, site, wanted };
    if (most === undefined) {
      const what = need.startsWith("#") ? `resource with the tag "${need.slice(1)}"` : `resource "${need}"`;
      return callsheetError("unknown_resource", `There is no ${what} for jobs at site ${site}.`, details);
    }
    if (wanted > most)
      return callsheetError(
        "impossible_need",
        `The job needs ${wanted} of "${need}", and there are never more than ${most}.`,
        {
          ...details,
          most,
        },
      );
  }
  return undefined;
}

/** Whether jobs of a lane need more than there ever is. */
export function isImpossible({ units, site }: Pick<NeedyLane, "units" | "site">, pools: readonly Ceiling[]): boolean {
  return Object.entries(units).some(([need, wanted]) => wanted > (mostOf(need, site, pools) ?? 0));
}
