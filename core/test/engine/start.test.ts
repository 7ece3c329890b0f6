import { expect, onTestFinished, test, vi } from "vitest";
import { Bus } from "../../src/engine/bus.ts";
import { type Environment, systemEnvironment } from "../../src/index.ts";
import { Client } from "../../src/store/driver/client.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor } from "../fixtures/floor.ts";

/** The world as it is, but for timers: none rings until it is let go on. */
function anEnvironmentAtItsBeginning(): { readonly environment: Environment; readonly goOn: () => void } {
  const environment = systemEnvironment();
  let isBeginning = true;
  const after: Environment["timers"]["after"] = (ms, call) =>
    isBeginning ? { cancel: () => {} } : environment.timers.after(ms, call);
  const goOn = () => {
    isBeginning = false;
  };
  return { environment: { ...environment, timers: { ...environment.timers, after } }, goOn };
}

/** What is asked from now on, by the connection that it is asked on. */
function listenIn(): ReadonlyMap<string, readonly string[]> {
  const asked = new Map<string, string[]>();
  const { ask } = Client.prototype;
  const spy = vi.spyOn(Client.prototype, "ask").mockImplementation(function (this: Client, query, mayTakeMs) {
    const { application_name: name } = (this as unknown as { connectionParameters: { application_name: string } })
      .connectionParameters;
    asked.set(name, [...(asked.get(name) ?? []), query.name ?? query.text.trim()]);
    return ask.call(this, query, mayTakeMs);
  });
  onTestFinished(() => spy.mockRestore());
  return asked;
}

test("a node that starts asks for its number and its lanes, and claims by the second question of its line", async () => {
  const { environment, goOn } = anEnvironmentAtItsBeginning();
  const { work, create, stage } = await aFloor({}, { alone: true, environment });
  onTestFinished(goOn);
  await create();
  const asked = listenIn();
  await work({ name: "new" });
  await stage.nth(1);
  const [settings, claim] = asked.get("callsheet claim new") ?? [];
  expect([settings, claim]).toEqual([expect.stringContaining("set_config"), "claim"]);
  // Lanes are read again once it hears of new ones. No duty has looked around yet.
  const others = new Set(asked.get("callsheet")?.filter((text) => !text.includes("set_config")));
  expect([...others]).toEqual([
    expect.stringContaining("insert into callsheet.node"),
    expect.stringContaining("from callsheet.lane"),
    expect.stringContaining("from callsheet.action_version"),
    expect.stringContaining("from callsheet.owner"),
  ]);
});

test("the first end finds its statement planned", async () => {
  const { work, create, stage } = await aFloor({}, { alone: true });
  await create();
  const asked = listenIn();
  await work({ name: "new" });
  await stage.nth(1);
  const prepared = await until(() => asked.get("callsheet finish new")?.[1], { what: "A statement" });
  expect(prepared).toBe("complete");
});

test("a node that cannot hear of jobs does not stay, and its name is free again", async () => {
  const { work, create, stage, database } = await aFloor({}, { alone: true });
  const deaf = vi.spyOn(Bus.prototype, "listen").mockRejectedValueOnce(new Error("no ears"));
  onTestFinished(() => deaf.mockRestore());
  await expect(work({ name: "deaf" })).rejects.toThrow("no ears");
  const { rows } = await database.db.query({ text: "select name, state from callsheet.node", values: [] });
  expect(rows).toEqual([{ name: "deaf", state: "gone" }]);
  await work({ name: "deaf" });
  await create();
  await stage.nth(1);
});
