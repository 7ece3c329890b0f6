import { checkTarget, requireEnabled } from "../create.ts";
import type { CreateRequest, Creator } from "../creator.ts";
import { withSettledTarget } from "../target-registry.ts";
import { createGroup, type GroupDesk } from "./create-group.ts";
import { groupModeOf, isGroupTarget } from "./group-mode.ts";

/** Makes a job of each input; of one whose target is a group what its action makes of groups. Answers their ids, in order. */
export async function createJobs(
  { creator, groupDesk }: { readonly creator: Creator; readonly groupDesk: GroupDesk },
  request: CreateRequest,
): Promise<readonly string[]> {
  const { inputs, ...rest } = request;
  if (!inputs.some((input) => isGroupTarget(input, groupDesk.targets))) return creator.create(request);
  const ids: string[] = [];
  for (const input of inputs) {
    if (!isGroupTarget(input, groupDesk.targets)) {
      ids.push(...(await creator.create({ ...request, inputs: [input] })));
      continue;
    }
    const version = await groupDesk.catalogue.current(request.action);
    const mode = await groupModeOf(version.definition, groupDesk.makers.types);
    // What stands with a job has to mean the same group for ever, and for everybody.
    const settled = await withSettledTarget({ ...input, target: checkTarget(input.target) }, groupDesk.targets);
    if (mode === "members") {
      requireEnabled(version.definition);
      ids.push(await createGroup(groupDesk, { ...rest, version, input: settled }));
    } else ids.push(...(await creator.create({ ...request, inputs: [settled] })));
  }
  return ids;
}
