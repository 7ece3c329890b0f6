import type { CallsheetClient, Job, Target } from "@callsheet/contract";

/** What people call the targets of jobs, as far as somebody knows. */
export type TargetNames = (target: Target | null) => string | undefined;

/** Asks for the names of all these jobs' targets at once. */
export async function namesOfTargets(
  client: Pick<CallsheetClient, "nameTargets">,
  jobs: readonly Pick<Job, "target">[],
): Promise<TargetNames> {
  const targets = jobs.flatMap(({ target }) => target ?? []);
  const names = targets.length === 0 ? [] : await client.nameTargets(targets);
  const known = new Map(targets.map((target, n) => [keyOf(target), names[n] ?? undefined]));
  return (target) => (target === null ? undefined : known.get(keyOf(target)));
}

/** The same for one of them. */
export async function nameOfTarget(
  client: Pick<CallsheetClient, "nameTargets">,
  one: Pick<Job, "target">,
): Promise<string | undefined> {
  return (await namesOfTargets(client, [one]))(one.target);
}

const keyOf = ({ type, id }: Target): string => `${type} ${id}`;
