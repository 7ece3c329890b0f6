import { z } from "zod";

/** The object that a job works on. Compared by exact text. */
export const targetSchema = z.strictObject({
  type: z.string().trim().min(1).max(100),
  id: z
    .string()
    .trim()
    .min(1)
    .refine((id) => new TextEncoder().encode(id).length <= 200, "at most 200 bytes"),
});
/** The object that a job works on, such as an asset. */
export type Target = z.output<typeof targetSchema>;
