import { callsheetError, type Resolver, type Target } from "@callsheet/contract";
import { storableText } from "./configuration.ts";

/** Who knows what the targets of jobs are. */
export interface TargetRegistry {
  /** The resolver of a type; undefined: its objects are known by their ids alone, and are no groups. */
  resolver(type: string): Resolver | undefined;
  /** The name of each target, in their order; undefined: nobody knows one. A resolver that fails leaves its targets without. */
  names(targets: readonly Target[]): Promise<readonly (string | undefined)[]>;
  /** The same target by its id, where it was told by its name. Fails as its resolver does. */
  settled(target: Target): Promise<Target>;
  /** The members of a group, nested ones flattened, each once. Fails with `not_a_group`, or as its resolver does. */
  members(group: Target): AsyncIterable<Target>;
}

/** `onTrouble`: told when a resolver fails where nobody waits for its answer alone. */
export function createTargetRegistry(
  resolvers: readonly Resolver[],
  onTrouble: (error: unknown) => void,
): TargetRegistry {
  const known = new Map<string, Resolver>();
  for (const resolver of resolvers) {
    const type = storableText(Object(resolver).type, "resolvers: type", 100);
    if (known.has(type))
      throw callsheetError("invalid_argument", `Targets of type "${type}" have a resolver already.`, {
        field: "resolvers",
        type,
      });
    known.set(type, resolver);
  }

  const namesOf = async (type: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    try {
      return (await known.get(type)?.names?.(ids)) ?? new Map();
    } catch (error) {
      // A name is shown beside an id: without it, all that was asked for can still be told.
      onTrouble(error);
      return new Map();
    }
  };

  return {
    resolver: (type) => known.get(type),
    names: async (targets) => {
      const names = new Map<string, ReadonlyMap<string, string>>();
      for (const type of new Set(targets.map((target) => target.type))) {
        const ids = targets.filter((target) => target.type === type).map(({ id }) => id);
        names.set(type, await namesOf(type, [...new Set(ids)]));
      }
      return targets.map(({ type, id }) => names.get(type)?.get(id));
    },
    settled: async ({ type, id }) => ({ type, id: (await known.get(type)?.idOf?.(id)) ?? id }),
    members: ({ type, id }) => {
      const resolver = known.get(type);
      if (resolver?.members) return resolver.members(id);
      throw callsheetError("not_a_group", `Targets of type "${type}" are no groups.`, { type, id });
    },
  };
}

/** The same with its target by its id, where it was told by its name. Fails as the resolver of its type does. */
export async function withSettledTarget<One extends { readonly target?: Target | undefined }>(
  one: One,
  targets: Pick<TargetRegistry, "settled">,
): Promise<One> {
  return one.target === undefined ? one : { ...one, target: await targets.settled(one.target) };
}
