import { defineActionType } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { watchClaims } from "../actors/claim-watch.mjs";

const type = defineActionType({ type: "test", version: 1, configuration: z.object({}), run: async () => {} });

const asset = { type: "asset", id: "a" };

test.each([
  ["plain jobs", {}, asset],
  ["jobs that lock something", { lock: "exclusive" }, asset],
  ["members of a group", { flags: ["groupMember"] }, { type: "crew", id: "one" }],
] as const)("claims of %s are timed", async (_, more, target) => {
  const claims = watchClaims();
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open({
    resolvers: [
      {
        type: "crew",
        members: async function* () {
          yield asset;
        },
      },
    ],
  });
  await cs.actions.put({ name: "edit", type, ...more });
  const node = await cs.work({ name: "here", types: [type] });
  const before = claims().length;
  await cs.jobs.wait(await cs.jobs.create("edit", { target }));
  await node.stop();
  expect(claims().length).toBeGreaterThan(before);
  expect(Math.min(...claims())).toBeGreaterThan(0);
});
