import { Callsheet, defineActionType } from "@callsheet/core";
import { z } from "zod";

// An action type is code: a name, a schema, a function.
const greet = defineActionType({
  type: "example.greet",
  version: 1,
  configuration: z.object({ to: z.string(), loudly: z.boolean().default(false) }),
  run: async ({ configuration, progress }) => {
    progress(50, "clearing the throat");
    return configuration.loudly ? `HELLO ${configuration.to}` : `Hello ${configuration.to}`;
  },
});

const cs = await Callsheet.open(); // a private PostgreSQL; or { databaseUrl }

// An action is a definition of work; a job is one unit of it, with its own copy of the configuration.
const hello = await cs.actions.put({ name: "hello", type: greet, retry: { limit: 3 }, timeoutMs: 60_000 });
await cs.work({ name: "here", types: [greet], slots: 4 });

const job = await cs
  .as("ada")
  .jobs.create(hello, { configuration: { to: "world" }, priority: "high", idempotencyKey: "first" });
const done = await cs.jobs.wait(job);
console.log(done.state, done.result, await cs.jobs.history(job));
await cs.close();
