import { expect, onTestFinished, test, vi } from "vitest";
import { Lookout } from "../../src/engine/lookout.ts";
import { until } from "../../src/testing/index.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { aFloor } from "../fixtures/floor.ts";

/** Starts nodes, each in a Callsheet of its own; answers what that said. The first two looks of each are over when the next one starts. */
async function nodesOf(...nodes: readonly (readonly [name: string, timeZones: string | null])[]) {
  const { database, stage } = await aFloor({}, { alone: true });
  const look = vi.spyOn(Lookout.prototype, "look");
  onTestFinished(() => look.mockRestore());
  const said: { readonly by: string; readonly message: string }[] = [];
  for (const [name, timeZones] of nodes) {
    const before = new Set(look.mock.contexts);
    const onError = (_: string, error: unknown) => {
      if (Object(error).code === "time_zones_differ") said.push({ by: name, message: (error as Error).message });
    };
    const cs = await database.open({ environment: { ...fastEnvironment(), timeZones }, onError });
    await cs.work({ name, types: [stage.type] });
    const own = () => look.mock.contexts.filter((lookout) => !before.has(lookout));
    await until(() => own().length >= 3, { what: `Three looks of ${name}` });
  }
  return said;
}

test("a node that starts beside one with other time zone data says so once, with both versions and whose they are", async () => {
  const said = await nodesOf(["edit-01", "2024a"], ["edit-02", "2024a"], ["edit-03", "2025c"]);
  expect(said).toEqual([
    { by: "edit-03", message: expect.stringContaining(": 2024a on edit-01 and edit-02; 2025c on edit-03.") },
  ]);
  expect(said[0]!.message).toMatch(/other instants.*nothing fires twice\. Update Node\.js/);
});

test("nodes with the same data, and those of which it is not known, say nothing", async () => {
  expect(await nodesOf(["edit-01", "2025c"], ["old", null], ["edit-02", "2025c"])).toEqual([]);
});
