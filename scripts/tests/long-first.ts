import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take about a minute or more on two cores, the longest first. In a fresh clone nothing is known of
 * durations; were one of these among the last to begin, the other workers would idle until its end.
 */
export const LONG: readonly string[] = [
  "core/test/engine/outage.test.ts",
  "core/test/chaos/chaos.test.ts",
  "docs/test/guides.test.ts",
  "core/test/crash/crash-loop.test.ts",
  "actions/test/kill-loop.test.ts",
  "cli/test/demo.test.ts",
  "core/test/timed/schedulers.test.ts",
];

/** Lets the long files begin first, and the others in vitest's order: as they took the last time, or else by size. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
  return place === -1 ? LONG.length : place;
}
