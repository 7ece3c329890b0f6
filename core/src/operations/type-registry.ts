import { type ActionType, callsheetError, type GroupFlag } from "@callsheet/contract";
import { z } from "zod";
import type { AnnouncedType } from "../store/nodes.ts";
import type { Store } from "../store/store.ts";
import { checkType } from "./action-type.ts";
import { FRESH_MS } from "./fresh.ts";

/** The action types whose code is here, and the schemas of those whose code is elsewhere. */
export interface TypeRegistry {
  register(type: ActionType): void;
  get(type: string): ActionType | undefined;
  /**
   * What checks a type's configurations, and the version that it is of: the code that is here, else the newest that a node
   * announced, one that lives before those that ended, as of a second ago. Undefined: nobody has told.
   */
  known(type: string): Promise<Known | undefined>;
}

interface Known {
  readonly version: number;
  /** Undefined: its schema cannot be told to others. */
  readonly configuration: z.ZodType | undefined;
  readonly flags?: readonly GroupFlag[];
}
/** What a node announced, and the text of its schema. */
type Announced = Known & { readonly text: string };

export function createTypeRegistry(store: Store, monotonic: () => number): TypeRegistry {
  const types = new Map<string, ActionType>();
  const told = new Map<string, { readonly at: number; readonly newest: Promise<Announced | undefined> }>();

  const read = async (type: string, before: Promise<Announced | undefined> | undefined) => {
    const newest = await store.announcedCode(type);
    if (!newest) return undefined;
    const { schema, ...rest } = newest;
    const text = JSON.stringify(schema);
    const known = await before?.catch(() => undefined);
    if (known?.text === text) return { ...known, ...rest };
    return { text, ...rest, configuration: schema === null ? undefined : schemaFrom(schema) };
  };
  const newest = (type: string): Promise<Announced | undefined> => {
    const known = told.get(type);
    if (known && monotonic() - known.at < FRESH_MS) return known.newest;
    const reading = read(type, known?.newest);
    told.set(type, { at: monotonic(), newest: reading });
    const forget = () => {
      if (told.get(type)?.newest === reading) told.delete(type);
    };
    // What nobody has told is asked for again: it may be told at any moment.
    reading.then((found) => found ?? forget(), forget);
    return reading;
  };

  return {
    register: (given) => {
      const type = checkType(given);
      const known = types.get(type.type);
      if (known && known.version !== type.version) {
        throw callsheetError(
          "invalid_argument",
          `Action type "${type.type}" is here in versions ${known.version} and ${type.version}.`,
          { type: type.type },
        );
      }
      types.set(type.type, type);
    },
    get: (type) => types.get(type),
    known: (type) => {
      const here = types.get(type);
      return here ? Promise.resolve(here) : newest(type);
    },
  };
}

/** What a node announces of a type. */
export function announced(type: ActionType): AnnouncedType {
  const { version, readsFrom, onNodeLost, flags } = type;
  return {
    ...{ type: type.type, version, schema: schemaOf(type) },
    ...(readsFrom === undefined ? {} : { readsFrom }),
    ...(onNodeLost === undefined ? {} : { onNodeLost }),
    ...(flags === undefined ? {} : { flags }),
  };
}

const schemaFrom = (json: unknown) => z.fromJSONSchema(json as Parameters<typeof z.fromJSONSchema>[0]) as z.ZodType;

/** Null when the schema cannot be told as JSON Schema. */
function schemaOf(type: ActionType): unknown {
  try {
    return z.toJSONSchema(type.configuration, { io: "input" });
  } catch {
    return null;
  }
}
