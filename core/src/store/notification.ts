import type { Statement } from "./statement.ts";

/** A hint need not survive a crash, so its commit does not wait for the disk. */
export const notification = (channel: string, payload: string): Statement => ({
  name: "notify",
  text: "select pg_notify($1, $2), set_config('synchronous_commit', 'off', true)",
  values: [channel, payload],
  patience: "hot",
});
