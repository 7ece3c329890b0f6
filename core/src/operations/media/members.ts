import type { Asset } from "@callsheet/contract";
import type { Step } from "../../store/collections.ts";
import type { Statements } from "../../store/store.ts";
import { getCollection } from "./collections.ts";

/** What the walk through a collection reads. */
type Reader = Pick<Statements, "readCollection" | "stepsOf">;

const PAGE = 1_000;

/** A collection that is being walked through: what was read of it and not used yet, and where the next page begins. */
interface Place {
  readonly id: string;
  page: readonly Step[];
  next: number;
  after: number;
  isLast: boolean;
}

/**
 * The ids of all assets of a collection, in the order of its members, each nested collection's in its place, every asset once,
 * where it comes first. Read page by page: remembered are only the collections, and the assets that stand in several of them.
 * Fails with `unknown_collection`.
 */
export async function* assetsOf(store: Reader, ref: string): AsyncGenerator<string> {
  const { id } = await getCollection({ store }, ref);
  const opened = new Set([id]);
  const shared = new Set<string>();
  const path: Place[] = [beginOf(id)];
  for (let place = path.at(-1); place !== undefined; place = path.at(-1)) {
    const step = await stepOf(store, place);
    if (step === undefined) path.pop();
    else if (step.type === "collection") {
      // A second time it holds nothing that has not come.
      if (!opened.has(step.id)) path.push(beginOf(step.id));
      opened.add(step.id);
    } else if (!shared.has(step.id)) {
      if (step.isShared) shared.add(step.id);
      yield step.id;
    }
  }
}

const beginOf = (id: string): Place => ({ id, page: [], next: 0, after: 0, isLast: false });

/** The next member of a collection; undefined: there is none. */
async function stepOf(store: Reader, place: Place): Promise<Step | undefined> {
  if (place.next === place.page.length && !place.isLast) {
    place.page = await store.stepsOf(place.id, place.after, PAGE);
    place.next = 0;
    place.isLast = place.page.length < PAGE;
    place.after = place.page.at(-1)?.position ?? place.after;
  }
  return place.page[place.next++];
}

/** The same assets with all that is known of them. */
export async function* flatten(store: Reader & Pick<Statements, "readAssets">, ref: string): AsyncGenerator<Asset> {
  let ids: string[] = [];
  const whole = async () => {
    const found = new Map((await store.readAssets(ids)).map((asset) => [asset.id, asset]));
    // One that was deleted since is absent.
    return ids.flatMap((id) => found.get(id) ?? []);
  };
  for await (const id of assetsOf(store, ref)) {
    ids.push(id);
    if (ids.length < PAGE) continue;
    yield* await whole();
    ids = [];
  }
  yield* await whole();
}
