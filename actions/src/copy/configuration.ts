import { z } from "zod";
import { outputSchema } from "../output-template.ts";
import { pathSchema } from "../path.ts";

const VERIFICATIONS = ["checksum", "size"] as const;

export type Verification = (typeof VERIFICATIONS)[number];

export const copyConfiguration = z.strictObject({
  path: pathSchema,
  output: outputSchema,
  /** `checksum`: the copy is read back and must have the SHA-256 of what was read; `size`: only as many bytes. */
  verify: z.enum(VERIFICATIONS).default("checksum"),
});
export type CopyConfiguration = z.output<typeof copyConfiguration>;
