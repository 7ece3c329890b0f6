import { Callsheet, defineActionType } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { afterEach, expect, it, vi } from "vitest";
import { fileChecksum, mediaProbe } from "../src/index.ts";
import { SAMPLES } from "./samples.ts";

afterEach(() => vi.unstubAllEnvs());

it.each(["none", "process"] as const)(
  "the files of a catalogued folder are probed, and what that finds stands with their assets, isolation %s",
  async (isolation) => {
    await using database = await openTestDatabase();
    vi.stubEnv("CALLSHEET_MEDIA_ROOTS", `samples=${SAMPLES}`);
    await using cs = await Callsheet.open({ databaseUrl: database.url });
    await cs.assets.register(SAMPLES, { match: ["*.mp4", "*.jpg", "*.flac"] });
    const module = new URL("../dist/media-probe.js", import.meta.url).href;
    const type = defineActionType({ ...mediaProbe, module });
    const action = await cs.actions.put({ name: "probe", type, isolation });
    await cs.work({ name: "here", types: [type], slots: 2 });
    const assets = await cs.assets.list();
    const targets = assets.map(({ id }) => ({ target: { type: "asset", id } }));
    const done = await Promise.all(
      (await cs.jobs.createMany(action, targets)).map((job) => cs.jobs.wait(job, { timeoutMs: 60_000 })),
    );
    expect(done.map(({ error }) => error)).toEqual(assets.map(() => null));
    const facts = Object.fromEntries((await cs.assets.list()).map((asset) => [asset.name, asset.facts]));
    expect(facts["dog.mp4"]).toMatchObject({ kind: "video", container: "mp4", durationSeconds: expect.any(Number) });
    expect(facts["city.jpg"]).toMatchObject({ kind: "image", streams: [{ width: expect.any(Number) }] });
    expect(facts["glass.flac"]).toMatchObject({ kind: "audio" });
    expect(Object.keys(facts["dog.mp4"]!)).not.toContain("path");
  },
);

it("every action type takes the file of its asset, and none of an asset outside the directories that it may read", async () => {
  await using database = await openTestDatabase();
  vi.stubEnv("CALLSHEET_MEDIA_ROOTS", SAMPLES);
  const mediaRoots = { samples: SAMPLES, system: "/etc" };
  await using cs = await Callsheet.open({ databaseUrl: database.url, mediaRoots });
  await cs.assets.createMany([
    { id: "fine", root: "samples", path: "city.jpg" },
    { id: "outside", root: "system", path: "hostname" },
    { id: "gone", root: "samples", path: "not there.jpg" },
  ]);
  const action = await cs.actions.put({ name: "checksum", type: fileChecksum });
  await cs.work({ name: "here", types: [fileChecksum] });
  const endOf = async (id: string) => {
    const job = await cs.jobs.create(action, { target: { type: "asset", id } });
    const { state, error } = await cs.jobs.wait(job);
    return error?.code ?? state;
  };
  expect(await endOf("fine")).toBe("completed");
  expect(await endOf("outside")).toBe("outside_roots");
  expect(await endOf("gone")).toBe("file_not_found");
});
