import { type ActionType, callsheetError } from "@callsheet/contract";
import { z } from "zod";
import type { Store } from "../store/store.ts";
import { checkType } from "./action-type.ts";

/** The action types whose code is here, and the schemas of those whose code is elsewhere. */
export interface TypeRegistry {
  register(type: ActionType): void;
  get(type: string): ActionType | undefined;
  /** The schema of a type's configuration: its code's, else what a node announced; undefined: nobody has told. */
  schema(type: string): Promise<z.ZodType | undefined>;
}

export function createTypeRegistry(store: Store): TypeRegistry {
  const types = new Map<string, ActionType>();
  const announced = new Map<string, z.ZodType>();
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
    schema: async (type) => {
      const known = types.get(type)?.configuration ?? announced.get(type);
      if (known) return known;
      const [newest] = await store.announcedSchemas(type);
      if (!newest?.schema) return undefined;
      const schema = z.fromJSONSchema(newest.schema as Parameters<typeof z.fromJSONSchema>[0]) as z.ZodType;
      announced.set(type, schema);
      return schema;
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
