import type { Resolver } from "@callsheet/contract";
import type { Store } from "../../store/store.ts";
import { UUID } from "../operate.ts";
import { getCollection } from "./collections.ts";
import { assetsOf } from "./members.ts";

/** What tells of the targets that Callsheet knows itself: assets, and collections of them. */
export function builtInResolvers(store: Store): readonly Resolver[] {
  return [
    {
      type: "asset",
      names: async (ids) => new Map((await store.readAssets(ids)).map(({ id, name }) => [id, name])),
    },
    {
      type: "collection",
      idOf: async (told) => (await getCollection({ store }, told)).id,
      names: (ids) => store.collectionNames(ids.filter((id) => UUID.test(id))),
      async *members(id) {
        for await (const asset of assetsOf(store, id)) yield { type: "asset", id: asset };
      },
    },
  ];
}
