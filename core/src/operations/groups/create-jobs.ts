import { requireEnabled } from "../create.ts";
import type { CreateRequest, Creator } from "../creator.ts";
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
    const isGroup = isGroupTarget(input, groupDesk.targets);
    const version = await groupDesk.catalogue.current(request.action);
    if (isGroup && (await groupModeOf(version.definition, groupDesk.makers.types)) === "members") {
      requireEnabled(version.definition);
      ids.push(await createGroup(groupDesk, { ...rest, version, input }));
    } else ids.push(...(await creator.create({ ...request, inputs: [input] })));
  }
  return ids;
}
