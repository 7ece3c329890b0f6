import { type ActionType, callsheetError } from "@callsheet/contract";
import { z } from "zod";
import type { Store } from "../store/store.ts";
import { checkType } from "./action-type.ts";
import { FRESH_MS } from "./fresh.ts";

/** The action types whose code is here, and the schemas of those whose code is elsewhere. */
export interface TypeRegistry {
  register(type: ActionType): void;
  get(type: string): ActionType | undefined;
  /** The schema of a type's configuration: its code's, else the newest that a node announced, as of a second ago; undefined: nobody has told. */
  schema(type: string): Promise<z.ZodType | undefined>;
}

/** A schema that a node announced, and its text. */
type Announced = { readonly text: string; readonly schema: z.ZodType };

export function createTypeRegistry(store: Store, monotonic: () => number): TypeRegistry {
  const types = new Map<string, ActionType>();
  const announced = new Map<string, { readonly at: number; readonly newest: Promise<Announced | undefined> }>();

  const read = async (type: string, before: Promise<Announced | undefined> | undefined) => {
    const [newest] = await store.announcedSchemas(type);
    if (!newest?.schema) return undefined;
    const text = JSON.stringify(newest.schema);
    const known = await before?.catch(() => undefined);
    if (known?.text === text) return known;
    const schema = z.fromJSONSchema(newest.schema as Parameters<typeof z.fromJSONSchema>[0]) as z.ZodType;
    return { text, schema };
  };
  const newest = (type: string): Promise<Announced | undefined> => {
    const known = announced.get(type);
    if (known && monotonic() - known.at < FRESH_MS) return known.newest;
    const reading = read(type, known?.newest);
    announced.set(type, { at: monotonic(), newest: reading });
    const forget = () => {
      if (announced.get(type)?.newest === reading) announced.delete(type);
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
    schema: (type) => {
      const known = types.get(type);
      return known ? Promise.resolve(known.configuration) : newest(type).then((found) => found?.schema);
    },
  };
}

/** What a node announces of a type's configuration; null when the schema cannot be told as JSON Schema. */
export function announcedSchema(type: ActionType): unknown {
  try {
    return z.toJSONSchema(type.configuration, { io: "input" });
  } catch {
    return null;
  }
}
