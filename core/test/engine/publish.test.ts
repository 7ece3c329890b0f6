import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ActionType, partial, snooze } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { Publication } from "../../src/engine/publication.ts";
import { type Environment, systemEnvironment } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, aFloorWith, type Context, type Entered, inState, refusal } from "../fixtures/floor.ts";
import { aFolder, publishText } from "../fixtures/folder.ts";
import { isolated } from "../fixtures/isolated.mjs";

const isHidden = (name: string) => name.startsWith(".") && name.endsWith(".part");

test("an attempt that finds half way that another has taken over leaves what the other may have made", async () => {
  const folder = aFolder();
  const workspace = folder.at("workspace");
  mkdirSync(workspace);
  const made = (name: string, text: string) => writeFileSync(join(workspace, name), text);
  let isTakenOver = false;
  const publication = new Publication(systemEnvironment().files, {
    ...{ jobId: "job", attempt: 1, token: "1", journal: async () => {}, workspace: () => Promise.resolve(workspace) },
    isSuperseded: () => isTakenOver,
    stands: async () => {
      // It stood still between its first file and its second one, for so long that the other has made both.
      if (folder.names().includes("a")) {
        isTakenOver = true;
        for (const name of ["a", "b"]) writeFileSync(folder.at(name), "the other's");
      }
      return !isTakenOver;
    },
  });
  for (const name of ["a", "b"]) {
    made(name, "late");
    await publication.stage(name, folder.at(name));
  }
  expect(await refusal(() => publication.appear())).toMatchObject({ code: "stale_attempt" });
  await publication.discard();
  expect(folder.names()).toEqual(["a", "b", "workspace"]);
  expect([folder.read("a"), folder.read("b")]).toEqual(["the other's", "the other's"]);
});

describe("a file that an attempt publishes", () => {
  test("waits under a hidden name, and appears when the attempt has ended well", async () => {
    const folder = aFolder();
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    await writeFile(join(await context.workspace(), "clip.mp4"), "frames");
    await context.publish("clip.mp4", folder.at("new/deep/clip.mp4"));
    const inside = aFolderAt(folder.at("new/deep"));
    expect(inside()).toEqual([expect.stringMatching(new RegExp(`^\\.clip\\.mp4\\.${job.id}\\.\\d+\\.0\\.part$`))]);
    returns({ done: true });
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: { done: true } });
    expect(inside()).toEqual(["clip.mp4"]);
    expect(folder.read("new/deep/clip.mp4")).toBe("frames");
  });

  test("replaces the one that an earlier job made, also when the attempt ended partly", async () => {
    const folder = aFolder();
    writeFileSync(folder.at("a"), "old");
    const { cs, create } = await aFloorWith(async (context) => {
      await publishText(context, folder.at("a"), "new");
      return partial(null, [{ message: "no sound" }]);
    });
    expect((await cs.jobs.wait(await create())).state).toBe("partial");
    expect(folder.names()).toEqual(["a"]);
    expect(folder.read("a")).toBe("new");
  });

  test("may have the longest name that file systems know", async () => {
    const folder = aFolder();
    const name = "ä".repeat(127);
    const { cs, create } = await aFloorWith((context) => publishText(context, folder.at(name)));
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(folder.names()).toEqual([name]);
  });

  test("goes to the directory that its path led to then, whatever stands there by now", async ({ skip }) => {
    skip(process.platform !== "linux", "no open directories by name");
    const [folder, stranger] = [aFolder(), aFolder()];
    mkdirSync(folder.at("there"));
    symlinkSync(folder.at("there"), folder.at("link"));
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    await writeFile(join(await context.workspace(), "clip.mp4"), "frames");
    const appearing = await context.publish("clip.mp4", folder.at("link/clip.mp4"));
    expect(appearing).toBe(join(realpathSync(folder.path), "there/clip.mp4"));
    renameSync(folder.at("there"), folder.at("elsewhere"));
    symlinkSync(stranger.path, folder.at("there"));
    returns();
    expect((await cs.jobs.wait(job)).state).toBe("completed");
    expect(folder.read("elsewhere/clip.mp4")).toBe("frames");
    expect(stranger.names()).toEqual([]);
  });

  test("may be kept beside its destination by the job instead of in a workspace", async () => {
    const folder = aFolder();
    const { cs, create } = await aFloorWith(async ({ job, publish }) => {
      writeFileSync(folder.at(`.a.${job.id}.kept`), "large");
      await publish(folder.at(`.a.${job.id}.kept`), folder.at("a"));
    });
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(folder.names()).toEqual(["a"]);
    expect(folder.read("a")).toBe("large");
  });

  test("is copied when its destination is on another device", async (context) => {
    const shared = "/dev/shm";
    const isThere = existsSync(shared) && statSync(shared).dev !== statSync(tmpdir()).dev;
    context.skip(!isThere, "no second device");
    const folder = aFolder(shared);
    const { cs, create } = await aFloorWith((handler) => publishText(handler, folder.at("a"), "copied"));
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(folder.names()).toEqual(["a"]);
    expect(folder.read("a")).toBe("copied");
  });
});

describe("nothing is visible, and nothing is left, of an attempt that", () => {
  test.each<[string, (entered: Entered) => void, string]>([
    ["failed", ({ throws }) => throws(new Error("after all")), "failed"],
    ["returned what cannot be stored", ({ returns }) => returns("\ud800"), "failed"],
    ["asked to be run later", ({ returns }) => returns(snooze(new Date("9000-01-01"))), "scheduled"],
  ])("%s", async (_, end, state) => {
    const folder = aFolder();
    writeFileSync(folder.at("a"), "old");
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const entered = await stage.nth(1);
    await publishText(entered.context, folder.at("a"));
    await publishText(entered.context, folder.at("b"));
    end(entered);
    await inState(cs, job, state);
    expect(folder.names()).toEqual(["a"]);
    expect(folder.read("a")).toBe("old");
  });

  test("stopped when it was cancelled", async () => {
    const folder = aFolder();
    const { cs, create, stage, work } = await aFloor({ cancellable: "asks" });
    await work();
    const job = await create();
    const { context, throws } = await stage.nth(1);
    await publishText(context, folder.at("a"));
    await cs.jobs.cancel(job);
    throws(new Error("stopped"));
    expect((await cs.jobs.wait(job)).state).toBe("cancelled");
    expect(folder.names()).toEqual([]);
  });

  test("was abandoned, whatever it returns, and it can stage no more", async () => {
    const folder = aFolder();
    const { cs, create, stage, work } = await aFloor({ cancellable: "abandon" });
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    await publishText(context, folder.at("a"));
    await cs.jobs.cancel(job);
    await until(() => context.signal.aborted, { what: "Its word of it" });
    expect(await refusal(() => publishText(context, folder.at("b")))).toMatchObject({ code: "stale_attempt" });
    returns("a late word");
    await until(() => folder.names().length === 0, { what: "The staged file's end" });
    expect((await cs.jobs.get(job)).state).toBe("cancelled");
  });

  test("was failed by its time-out", async () => {
    const folder = aFolder();
    const { cs, create, stage, work } = await aFloor({ timeoutMs: 20, onTimeout: "fail", retry: { limit: 0 } });
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    await publishText(context, folder.at("a"));
    await inState(cs, job, "failed");
    returns("a late word");
    await until(() => folder.names().length === 0, { what: "The staged file's end" });
  });

  test("ran on a node that was declared dead and does not know it; the next attempt publishes", async () => {
    const folder = aFolder();
    const { cs, create, stage, work, database } = await aFloor({ retry: { delayMs: 1 } }, { alone: true });
    await work();
    const job = await create();
    const first = await stage.nth(1);
    await publishText(first.context, folder.at("a"), "first");
    await database.db.query({ text: "update callsheet.node set state = 'dead', ended_at = now()", values: [] });
    first.returns();
    await until(() => folder.names().length === 0, { what: "The staged file's end" });
    const second = await stage.nth(2);
    await publishText(second.context, folder.at("a"), "second");
    second.returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2 });
    expect(folder.names()).toEqual(["a"]);
    expect(folder.read("a")).toBe("second");
  });

  test("was killed with its process; the retry removes what was staged", async () => {
    const folder = aFolder();
    const { database, cs } = await aFloor({}, { alone: true });
    const witness = aWitness();
    await cs.actions.put({ name: "witnessed", type: "witnessed", retry: { delayMs: 1 } });
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: "one" };
    const child = aChild("node-process.mjs", variables);
    await child.says("up");
    const job = await cs.jobs.create("witnessed", { configuration: { how: "stays", destination: folder.at("a") } });
    await until(() => witness.lines().length === 1);
    child.process.kill("SIGKILL");
    await child.ended;
    expect(folder.names().map(isHidden)).toEqual([true]);
    await aChild("node-process.mjs", variables).says("up");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2 });
    expect(folder.names()).toEqual(["a"]);
    expect(folder.read("a")).toBe("by attempt 2");
  });
});

test("directories that were made for a file are gone when its job fails, but for what others put there", async () => {
  const folder = aFolder();
  mkdirSync(folder.at("there"));
  const { cs, create } = await aFloorWith(
    async (context) => {
      await publishText(context, folder.at("there/new/deep/a"));
      await publishText(context, folder.at("other/deep/b"));
      writeFileSync(folder.at("other/others"), "not ours");
      throw new Error("after all");
    },
    { retry: { limit: 0 } },
  );
  expect(await cs.jobs.wait(await create())).toMatchObject({ state: "failed", rollback: "done" });
  expect(folder.names()).toEqual(["other", "there"]);
  expect([readdirSync(folder.at("there")), readdirSync(folder.at("other"))]).toEqual([[], ["others"]]);
});

describe("several files of one attempt", () => {
  test("appear when their handler has returned without waiting for them", async () => {
    const folder = aFolder();
    const { cs, create } = await aFloorWith(async ({ workspace, publish }) => {
      const at = await workspace();
      for (const name of ["a", "b", "c"]) await writeFile(join(at, name), name);
      for (const name of ["a", "b", "c"]) void publish(name, folder.at(name));
    });
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(folder.names()).toEqual(["a", "b", "c"]);
  });

  test("appear together", async () => {
    const folder = aFolder();
    const { cs, create } = await aFloorWith(async (context) => {
      await Promise.all(["a", "b", "c"].map((name) => publishText(context, folder.at(name), name)));
    });
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(folder.names()).toEqual(["a", "b", "c"]);
    expect(folder.read("c")).toBe("c");
  });

  const system = systemEnvironment();
  const link = () => Promise.reject(Object.assign(new Error("no links here"), { code: "EPERM" }));
  const move = (from: string, to: string) =>
    to.endsWith("/c") ? Promise.reject(new Error("the device is gone")) : system.files.move(from, to);

  test.each<[string, Environment, string]>([
    ["a directory stands in its way", system, "publish_refused"],
    ["so, where files have one path only", { ...system, files: { ...system.files, link } }, "publish_refused"],
    ["its device fails", { ...system, files: { ...system.files, move } }, "publish_failed"],
  ])("are put back as they were when one cannot be put in place: %s", async (_, environment, code) => {
    const folder = aFolder();
    writeFileSync(folder.at("a"), "old");
    const { cs, create, stage, work } = await aFloor({ retry: { limit: 0 } }, { environment });
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    for (const name of ["a", "b", "c", "d"]) await publishText(context, folder.at(name), "new");
    const isInTheWay = code === "publish_refused";
    if (isInTheWay) mkdirSync(folder.at("c"));
    returns();
    const failed = await cs.jobs.wait(job);
    expect(failed).toMatchObject({ state: "failed", error: { code } });
    expect(failed.error?.message).toContain(folder.at("c"));
    expect(folder.names()).toEqual(isInTheWay ? ["a", "c"] : ["a"]);
    expect(folder.read("a")).toBe("old");
  });
});

describe("what cannot be published", () => {
  test.each<[string, (context: Context, folder: string) => Promise<unknown>, RegExp]>([
    ["a relative destination", (c) => publishText(c, "a"), /absolute path/],
    ["a destination that is no text", (c) => publishText(c, 5 as never), /absolute path/],
    ["a destination with NUL", (c) => publishText(c, "/tmp/\0"), /absolute path/],
    ["a destination that ends as a directory", (c, folder) => publishText(c, `${folder}/`), /absolute path/],
    ["a destination that is a directory", (c, folder) => publishText(c, folder), /is a directory/],
    ["a destination that is a link", (c, folder) => publishText(c, join(folder, "link")), /symbolic link/],
    [
      "a file outside the workspace",
      (c, folder) => c.publish(join(folder, "stranger"), join(folder, "a")),
      /not in the w/,
    ],
    [
      "a way out of the workspace",
      (c, folder) => c.publish("../../../etc/hostname", join(folder, "a")),
      /There is no|not in/,
    ],
    [
      "what another job keeps beside the destination",
      async (c, folder) => {
        await c.workspace();
        const kept = join(folder, ".a.another.kept");
        writeFileSync(kept, "x");
        await c.publish(kept, join(folder, "a")).finally(() => unlinkSync(kept));
      },
      /not in the workspace/,
    ],
    ["a directory", async (c, folder) => c.publish(await c.workspace(), join(folder, "a")), /is a directory/],
    ["no file", (c, folder) => c.publish("none", join(folder, "a")), /no file "none"/],
    ["nothing", (c, folder) => c.publish("", join(folder, "a")), /named by a path/],
    [
      "a symbolic link",
      async (c, folder) => {
        symlinkSync(join(folder, "stranger"), join(await c.workspace(), "link"));
        await c.publish("link", join(folder, "a"));
      },
      /symbolic link/,
    ],
    [
      "a file behind a linked directory",
      async (c, folder) => {
        symlinkSync(folder, join(await c.workspace(), "linked"));
        await c.publish("linked/stranger", join(folder, "a"));
      },
      /not in the workspace/,
    ],
    [
      "two files to one destination",
      async (c, folder) => {
        await publishText(c, join(folder, "a"));
        await publishText(c, join(folder, "b/../a"));
      },
      /published twice/,
    ],
  ])("is refused: %s; the attempt fails even if its handler hides it", async (_, publish, problem) => {
    const folder = aFolder();
    writeFileSync(folder.at("stranger"), "of somebody else");
    symlinkSync(folder.at("stranger"), folder.at("link"));
    const { cs, create } = await aFloorWith(async (context) => {
      await context.workspace();
      await publish(context, folder.path).catch(() => {});
    });
    const failed = await cs.jobs.wait(await create());
    expect(failed).toMatchObject({ state: "failed", error: { code: "publish_refused" } });
    expect(failed.error?.message).toMatch(problem);
    expect(failed.error?.stack).toBeUndefined();
    expect(folder.names()).toEqual(["link", "stranger"]);
    expect(folder.read("stranger")).toBe("of somebody else");
  });

  test("fails its job when the handler did not wait for it, and no other", async () => {
    const folder = aFolder();
    writeFileSync(folder.at("a file"), "");
    const { cs, create } = await aFloorWith(async (context) => {
      await writeFile(join(await context.workspace(), "made"), "made");
      void context.publish("made", folder.at("a file/a"));
    });
    const [one, two] = [await create(), await create()];
    for (const job of [one, two])
      expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", error: { code: "publish_failed" } });
  });

  test("is refused after the handler has returned", async () => {
    const folder = aFolder();
    let late: Context | undefined;
    const { cs, create } = await aFloorWith(async (context) => {
      await publishText(context, folder.at("a"));
      late = context;
    });
    await cs.jobs.wait(await create());
    expect(await refusal(() => late?.publish("made", folder.at("b")))).toMatchObject({ code: "stale_attempt" });
  });
});

describe("a handler in a process of its own", () => {
  test.each([
    [{ how: "publishes" }, "completed", ["a"]],
    [{ how: "publishes", fails: true }, "failed", []],
    [{ how: "publishes nothing" }, "failed", []],
  ])("publishes as in the node's: %o", async (how, state, names) => {
    const folder = aFolder();
    const { cs, name } = await aFloor();
    await cs.actions.put({ name, type: isolated as ActionType, isolation: "process", retry: { limit: 0 } });
    await cs.work({ name, types: [isolated as ActionType] });
    const job = await cs.jobs.wait(
      await cs.jobs.create(name, { configuration: { ...how, destination: folder.at("a") } }),
    );
    expect(job.state).toBe(state);
    expect(folder.names()).toEqual(names);
    if (how.how === "publishes nothing") expect(job.error).toMatchObject({ code: "publish_refused" });
  });
});

function aFolderAt(path: string): () => readonly string[] {
  return () => readdirSync(path);
}
