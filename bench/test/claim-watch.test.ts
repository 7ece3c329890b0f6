import { defineActionType } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { watchClaims } from "../actors/claim-watch.mjs";

const type = defineActionType({ type: "test", version: 1, configuration: z.object({}), run: async () => {} });

test.each([
  ["plain jobs", {}],
  ["jobs that lock something", { lock: "exclusive" as const }],
])("claims of %s are timed", async (_, lock) => {
  const claims = watchClaims();
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type, ...lock });
  const node = await cs.work({ name: "here", types: [type] });
  const before = claims().length;
  await cs.jobs.wait(await cs.jobs.create("edit", { target: { type: "asset", id: "a" } }));
  await node.stop();
  expect(claims().length).toBeGreaterThan(before);
  expect(Math.min(...claims())).toBeGreaterThan(0);
});
