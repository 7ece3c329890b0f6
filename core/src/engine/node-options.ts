import {
  type ActionType,
  callsheetError,
  capabilitiesSchema,
  type JobState,
  type Labels,
  LONGEST_NODE_NAME,
  labelsSchema,
  nodeResourcesSchema,
} from "@callsheet/contract";
import type { z } from "zod";
import { checkType } from "../operations/action-type.ts";
import { storableText } from "../operations/configuration.ts";

/** How attempts ended that did not simply complete as members of their claims. */
export interface StoredEnds {
  /** Each change of state, in order. */
  readonly changes: readonly { readonly id: string; readonly to: JobState }[];
  /** Attempts that had been superseded: nothing of them was accepted. */
  readonly refused: readonly string[];
}

/** What a node is called, what it can do, and how much at once. */
export interface NodeOptions {
  /** Unique among the nodes that are up. */
  readonly name: string;
  /** Default `default`. */
  readonly site?: string;
  readonly types: readonly ActionType[];
  /** What people tell it apart by, such as `{ rack: "3" }`. Default none. */
  readonly labels?: Labels;
  /** How many handlers run at once. Default 4. */
  readonly slots?: number;
  /**
   * Told of jobs as the end of an attempt of theirs has been stored, many at once. Without `ends` all of them completed.
   * What it throws is reported, and stops nothing.
   */
  readonly onStored?: (ids: readonly string[], ends?: StoredEnds) => void;
  /** What it has beside the code of its types, such as `ffmpeg.encoder.libx265`. Jobs that need more wait for another node. Default none. */
  readonly capabilities?: readonly string[];
  /**
   * Units of resources that it has for itself, such as `{ gpu: 2, memory: 64_000 }`. They replace those that a node of its name
   * had before. Default: those stay.
   */
  readonly resources?: Readonly<Record<string, number>>;
}

/** What a node is known by: its options without the listener, the defaults filled in. */
export type NodeIdentity = Required<Omit<NodeOptions, "onStored" | "resources">> & Pick<NodeOptions, "resources">;

/** Fills in the defaults; fails with `invalid_argument`, naming the field. */
export function checkNodeOptions(options: NodeOptions): NodeIdentity {
  const {
    name,
    site = "default",
    slots = 4,
    types,
    capabilities = [],
    labels = {},
    resources,
  } = Object(options) as NodeOptions;
  storableText(name, "name", LONGEST_NODE_NAME);
  storableText(site, "site", 100);
  checkSlots(slots);
  if (!Array.isArray(types) || types.length === 0)
    throw callsheetError("invalid_argument", "types must be a list of action types.", { field: "types" });
  return {
    ...{ name, site, slots, types: types.map(checkType) },
    labels: read(labelsSchema, labels, "labels"),
    capabilities: read(capabilitiesSchema, capabilities, "capabilities"),
    ...(resources === undefined ? {} : { resources: read(nodeResourcesSchema, resources, "resources") }),
  };
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown, field: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { message, path } = parsed.error.issues[0]!;
  throw callsheetError("invalid_argument", `${[field, ...path].join(".")}: ${message}.`, { field });
}

/** Fails with `invalid_argument` unless a node can have so many slots. */
export function checkSlots(slots: number): number {
  if (Number.isInteger(slots) && slots >= 1 && slots <= 10_000) return slots;
  throw callsheetError("invalid_argument", "slots must be a whole number from 1 to 10,000.", { field: "slots" });
}
