import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ActionHandle,
  Callsheet,
  type CallsheetClient,
  type Created,
  defineActionType,
  type Job,
} from "@callsheet/core";
import { expect, test } from "vitest";
import { z } from "zod";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const FILE = "core/test/library/types.test.ts";

test("handles are typed: what fits compiles, and each line marked as an error is one", { timeout: 60_000 }, () => {
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2023", "--skipLibCheck"];
  const resolution = ["--module", "nodenext", "--allowImportingTsExtensions", "--types", "node", "--ignoreConfig"];
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...resolution, FILE], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
  expect(status).toBe(0);
  expect(typed).toBeTypeOf("function");
  expect(readFileSync(`${root}${FILE}`, "utf8").match(/@ts-expect-error/g)!.length).toBeGreaterThan(8);
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <Truth extends true>(): Truth | undefined => undefined;

const transcode = defineActionType({
  type: "acme.transcode",
  version: 1,
  configuration: z.object({ preset: z.enum(["proxy", "master"]), crf: z.number().default(23) }),
  run: async (context) => {
    is<Same<typeof context.configuration, { preset: "proxy" | "master"; crf: number }>>();
    // @ts-expect-error: the schema has no such field
    context.configuration.colour;
    // @ts-expect-error: progress is a number
    context.progress("much");
    return { frames: 250 };
  },
});

defineActionType({
  type: "acme.encode",
  version: 1,
  configuration: z.object({ codec: z.string() }),
  // @ts-expect-error: the schema has no such field
  requires: ({ colour }) => [`encoder.${colour}`],
  run: async ({ workspace, publish }) => {
    // @ts-expect-error: a file is published to a place
    await publish(await workspace());
  },
});

const count = defineActionType({
  type: "acme.count",
  version: 1,
  configuration: z.object({ from: z.string().transform(Number) }),
  run: async ({ configuration }) => configuration.from,
});

/** Compiled, never run: what fits must compile, and each line that is marked must not. */
async function typed(): Promise<void> {
  const cs = await Callsheet.open();
  const proxy = await cs.actions.put({ name: "proxy", type: transcode, configuration: { preset: "proxy" } });
  is<Same<typeof proxy, ActionHandle<{ preset: "proxy" | "master"; crf?: number | undefined }, { frames: number }>>>();
  const counting = await cs.actions.put({ name: "count", type: count });

  const job = await cs.jobs.create(proxy, { configuration: { crf: 20 } });
  await cs.jobs.create(proxy);
  await cs.jobs.create(proxy, { configuration: { preset: "master" }, priority: "high", startAt: null });
  await cs.jobs.createMany(proxy, [{ configuration: { crf: 1 } }, {}]);
  await cs.jobs.create(counting, { configuration: { from: "7" } });
  // @ts-expect-error: a number is what the schema makes of it, not what it takes
  await cs.jobs.create(counting, { configuration: { from: 7 } });
  // @ts-expect-error: no such preset
  await cs.jobs.create(proxy, { configuration: { preset: "prxy" } });
  // @ts-expect-error: crf is a number
  await cs.jobs.create(proxy, { configuration: { crf: "20" } });
  // @ts-expect-error: the schema has no such field
  await cs.jobs.create(proxy, { configuration: { colour: "red" } });
  // @ts-expect-error: one of many does not fit
  await cs.jobs.createMany(proxy, [{}, { configuration: { crf: null } }]);
  // @ts-expect-error: no such priority
  await cs.jobs.create(proxy, { priority: "asap" });
  // @ts-expect-error: an instant is a Date
  await cs.jobs.create(proxy, { startAt: "tomorrow" });
  // @ts-expect-error: no such policy
  await cs.actions.put({ name: "proxy", type: transcode, cancellable: "sometimes" });

  const done = await cs.jobs.wait(job);
  is<Same<typeof done.result, { frames: number } | null>>();
  const read = await cs.jobs.get(job);
  is<Same<typeof read.result, { frames: number } | null>>();
  // @ts-expect-error: it may not be there yet
  read.result.frames;
  // @ts-expect-error: a result has no such field
  done.result?.colour;

  const byName = await cs.jobs.create("proxy", { configuration: { anything: 1 } });
  const created: Created = byName;
  const unknown = await cs.jobs.wait(created);
  is<Same<typeof unknown.result, unknown>>();
  // @ts-expect-error: by name nothing is known of it
  unknown.result.frames;
  const list: readonly Job[] = await cs.jobs.list({ states: ["failed"] });
  // @ts-expect-error: no such state
  await cs.jobs.list({ states: ["asleep"] });
  await cs.work({ name: "able", types: [transcode], capabilities: ["ffmpeg.encoder.libx265"] });
  // @ts-expect-error: a node has types
  await cs.work({ name: `n${list.length}` });
  const undone = defineActionType({
    ...{ type: "acme.register", version: 1, configuration: z.object({ place: z.string() }) },
    undo: { entry: async (_, { configuration }) => void configuration.place },
    // @ts-expect-error: only what can be undone can be kept
    keep: { etnry: async () => {} },
    run: async ({ undo }) => {
      await undo("entry", { a: 1 });
      // @ts-expect-error: its type cannot undo that
      await undo("etnry", null);
    },
  });
  await cs.work({ name: "undoing", types: [undone] });
  // What callers know of it, wherever it is.
  const client: CallsheetClient = cs;
  // @ts-expect-error: it has no such operation
  await client.jobs.finish(job.id);
}
