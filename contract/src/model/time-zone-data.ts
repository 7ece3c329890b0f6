import type { NodeLife } from "./node.ts";
import { listed } from "./telling.ts";

const MOST_NAMES = 5;

/**
 * Which nodes have which version of time zone data, such as `2024a on edit-01; 2025c on edit-02 and edit-03`, where versions
 * differ; undefined: as far as is known they do not.
 */
export function differingTimeZones(nodes: readonly Pick<NodeLife, "name" | "timeZones">[]): string | undefined {
  const names = new Map<string, string[]>();
  for (const { name, timeZones } of nodes)
    if (timeZones !== null) names.set(timeZones, [...(names.get(timeZones) ?? []), name]);
  if (names.size < 2) return undefined;
  const versions = [...names.keys()].sort();
  return versions.map((version) => `${version} on ${someOf(names.get(version)!)}`).join("; ");
}

function someOf(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return listed(rest > 0 ? [...names.slice(0, MOST_NAMES), `${rest} more`] : names, "and");
}
