import type { ActionInput, Group, Resolver } from "@callsheet/contract";
import type { Created, JobInput } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor, type Floor } from "../fixtures/floor.ts";

/** Groups of any size: the members of "crew" "8" are eight people. */
export const crews: Resolver = {
  type: "crew",
  async *members(id) {
    for (let n = 1; n <= Number(id); n++) yield { type: "person", id: `${id}-${n}` };
  },
};

export interface Crew extends Floor {
  /** Creates a group job of so many members. */
  createGroup(size: number, input?: JobInput): Promise<Created>;
  group(ref: Created): Promise<Group>;
}

/** A floor whose action takes groups by their members. */
export async function aCrew(
  fields: Partial<Omit<ActionInput, "name" | "type">> = {},
  options: Parameters<typeof aFloor>[1] = {},
): Promise<Crew> {
  const floor = await aFloor({ flags: ["groupMember"], ...fields }, { resolvers: [crews], ...options });
  return {
    ...floor,
    createGroup: (size, input = {}) => floor.create({ ...input, target: { type: "crew", id: String(size) } }),
    group: ({ id }) => floor.cs.groups.get(id),
  };
}

/** Waits until a group stands in a state; answers it. */
export function groupIn({ cs }: Pick<Floor, "cs">, { id }: Created, state: string): Promise<Group> {
  return until(
    async () => {
      const group = await cs.groups.get(id);
      return group.state === state ? group : undefined;
    },
    { what: `A group that is ${state}` },
  );
}
