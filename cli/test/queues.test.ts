import { randomUUID } from "node:crypto";
import type { ActionType, OpenQueue } from "@callsheet/core";
import { openTestDatabase, until } from "@callsheet/core/testing";
import { expect, it, onTestFinished } from "vitest";
import { callsheetWith } from "./command.ts";
import { echo } from "./play.ts";

const HOSTILE = "pay\u001b[2J\nroll <b>";

/** An empty database, and the command on it. */
async function aPlace() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, "queues", ...args).ended;
  return { cs: await database.open(), run };
}

async function add(queue: OpenQueue, count: number, startAt?: Date): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const planned = startAt === undefined ? {} : { startAt };
  await queue.add(ids.map((id) => ({ id, data: {}, priority: "normal", ...planned })));
  return ids;
}

const cells = (stdout: string) =>
  stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));

it("list tells of every queue how many jobs have each status, and what keeps it from going on", async () => {
  const { cs, run } = await aPlace();
  expect(await run("list", "--json")).toMatchObject({ exitCode: 0, stdout: "[]\n" });
  const [mail, pay] = [await cs.queues.open("mail"), await cs.queues.open(HOSTILE)];
  const [gone] = await add(mail, 1);
  await mail.cancel([gone!]);
  await add(mail, 2, new Date(Date.now() + 3_600_000));
  await add(pay, 3);
  const [oldest] = await pay.read((await pay.find().next()).value!.map(({ id }: { readonly id: string }) => id));
  await cs.pauses.pause({ queue: mail.slug });

  const rows = cells((await run("list")).stdout);
  const since = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(rows).toEqual([
    ["mail", "paused", "2", "0", "0", "0", "0", "", "1"],
    ["pay\\u{1b}[2J\\nroll <b>", "no worker", "3", "0", "0", "0", "0", since, "0"],
  ]);
  expect(new Date(rows[1]![7]!)).toEqual(oldest!.dueAt);
  expect(JSON.parse((await run("list", "--json=name,action,cancelled,total")).stdout)).toEqual([
    { name: "mail", action: "queue.mail", cancelled: 1, total: 3 },
    { name: HOSTILE, action: pay.slug, cancelled: 0, total: 3 },
  ]);
});

it("show tells of one by its name or its action's: what waits, who works, what was finished", async () => {
  const { cs, run } = await aPlace();
  const mail = await cs.queues.open("mail");
  const pay = await cs.queues.open(HOSTILE);
  expect((await run("show", "mail")).stdout).toContain("\nState     open\nWorkers   0\nJobs      none\nFinished  0 in");
  await add(mail, 3);
  expect((await run("show", "mail")).stdout).toMatch(
    /\nState +no worker\n.*\nJobs +3 added\nWaits +\d.*, since \d{4}-/,
  );

  await cs.work({ name: "here", types: [{ ...echo, type: mail.slug } as ActionType] });
  await until(async () => (await cs.queues.get("mail")).completed === 3, { what: "All jobs" });
  const shown = await run("show", "queue.mail");
  expect(shown.stdout).toBe(
    "mail\nState     open\nWorkers   1\nJobs      3 completed\nFinished  3 in the last minute\nAction    queue.mail\n",
  );
  expect((await run("get", HOSTILE)).stdout).toMatch(/^pay\\u\{1b\}\[2J\\nroll <b>\n/);
  expect(JSON.parse((await run("show", pay.slug, "--json=name,oldestAt")).stdout)).toEqual({
    name: HOSTILE,
    oldestAt: null,
  });

  const missing = await run("show", "\u001b[2Jnone");
  expect(missing).toMatchObject({ exitCode: 3, stdout: "" });
  expect(missing.stderr).toMatch(
    /^callsheet: There is no queue "\\u\{1b\}\[2Jnone"\. \(unknown_queue\)\n.*\nTry: callsheet queues list\n$/,
  );
});
