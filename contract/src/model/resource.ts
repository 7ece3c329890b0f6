import { z } from "zod";
import { nameSchema } from "./name.ts";

/** Where a resource's capacity counts: in the whole cluster, at each site, or on each node. */
export const RESOURCE_SCOPES = ["cluster", "site", "node"] as const;

const unitsSchema = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const tagSchema = z.templateLiteral(["#", nameSchema]);

/** Units of resources by name, or by tag: `{ transcode: 1, "#gpu": 2 }`; at most 20. */
export const needsSchema = z
  .record(z.union([nameSchema, tagSchema]), unitsSchema)
  .refine((needs) => Object.keys(needs).length <= 20, "at most 20 resources")
  .overwrite((needs) => Object.fromEntries(Object.entries(needs).sort(([a], [b]) => (a < b ? -1 : 1))));
