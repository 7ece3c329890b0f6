import { describe, expect, test } from "vitest";
import { aFloorWith, type Context, refusal } from "../fixtures/floor.ts";
import { aKeyFile } from "../fixtures/safe.ts";

const asset = (id: string) => ({ type: "asset", id });

/** A node that has the media root `main`, and an asset A-17 of it. */
async function aMediaFloor(run: (context: Context) => unknown, more: { readonly secretKeyFile?: string } = {}) {
  const floor = await aFloorWith(run, {}, { alone: true, mediaRoots: { main: "/mnt/media" }, ...more });
  await floor.cs.assets.create({ id: "A-17", root: "main", path: "day 1/a.mov", metadata: { scene: 4 } });
  return floor;
}

describe("the handler of a job with an asset as its target", () => {
  test("sees the asset as it is catalogued, and where its file is on its node", async () => {
    const { cs, create } = await aMediaFloor(async (context) => {
      const { id, name, file, metadata } = await context.asset();
      return { id, name, file, metadata };
    });
    await cs.assets.update("A-17", { name: "Opening" });
    const done = await cs.jobs.wait(await create({ target: asset("A-17") }));
    expect(done.result).toEqual({
      ...{ id: "A-17", name: "Opening", file: "/mnt/media/day 1/a.mov", metadata: { scene: 4 } },
    });
    expect(await cs.jobs.list({ target: asset("A-17") })).toMatchObject([{ id: done.id }]);
  });

  test("stores what it found out about the file", async () => {
    const { cs, create } = await aMediaFloor(async (context) => {
      await (await context.asset()).setFacts({ kind: "video", attempt: context.attempt });
    });
    const job = await create({ target: asset("A-17") });
    await cs.jobs.wait(job);
    expect(await cs.assets.get("A-17")).toMatchObject({
      ...{ facts: { kind: "video", attempt: 1 }, factsAt: expect.any(Date), metadata: { scene: 4 } },
    });
  });

  test("stores nothing once another attempt has taken over, or what is no object", async () => {
    const codes: unknown[] = [];
    const { cs, create } = await aMediaFloor(async (context) => {
      const { setFacts } = await context.asset();
      codes.push((await refusal(() => setFacts("video" as never))).code);
      await setFacts({ n: 1 });
      await cs.jobs.declareLost(context.job.id, { reason: "for the test" });
      codes.push((await refusal(() => setFacts({ n: 2 }))).code);
    });
    await cs.jobs.wait(await create({ target: asset("A-17") }));
    await expect.poll(() => codes).toEqual(["invalid_argument", "stale_attempt"]);
    expect(await cs.assets.get("A-17")).toMatchObject({ facts: { n: 1 } });
  });

  test("hides the secrets of its configuration in what it stores", async () => {
    const secretKeyFile = await aKeyFile();
    const run = async (context: Context) =>
      (await context.asset()).setFacts({ from: `ftp://${context.configuration.token}@host` });
    const { cs, create } = await aMediaFloor(run, { secretKeyFile });
    await cs.secrets.put("token", { value: "canary-7f3a" });
    await cs.jobs.wait(await create({ target: asset("A-17"), configuration: { token: "secret://token" } }));
    const { facts } = await cs.assets.get("A-17");
    expect(facts).toEqual({ from: expect.stringMatching(/^ftp:.*@host$/) });
    expect(JSON.stringify(facts)).not.toContain("canary");
  });

  test("is told when there is no such asset, when its root is not on its node, and when its target is none", async () => {
    const { cs, create } = await aMediaFloor((context) => context.asset());
    await cs.assets.create({ id: "far", root: "archive", path: "a.mov" });
    const codeOf = async (target?: { type: string; id: string }) => {
      const job = await create(target ? { target } : {});
      return (await cs.jobs.wait(job)).error?.code;
    };
    expect(await codeOf(asset("lost"))).toBe("unknown_asset");
    expect(await codeOf(asset("far"))).toBe("media_root_missing");
    expect(await codeOf({ type: "file", id: "/a" })).toBe("invalid_argument");
    expect(await codeOf()).toBe("invalid_argument");
  });
});

test("targets are named by their assets and collections, beside those of an application", async () => {
  const { cs } = await aMediaFloor(() => null);
  const { id } = await cs.collections.create("dailies", [{ type: "asset", id: "A-17" }]);
  const asked = [asset("A-17"), asset("lost"), { type: "collection", id }, { type: "collection", id: "no id" }];
  expect(await cs.nameTargets(asked)).toEqual(["a.mov", null, "dailies", null]);
});
