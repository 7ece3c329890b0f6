import { z } from "zod";

/** Characters that the name of a node may have: often it tells of a machine, a process and what it is for. */
export const LONGEST_NODE_NAME = 500;

/** The name of an action, a type, a queue, a site or a resource: at most 100 characters, safe in a shell and in a URL. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]*$/,
    "lower-case letters, digits, dots, dashes and underscores, beginning with a letter or digit",
  )
  .max(100);
