import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Queue } from "@callsheet/queue";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const FILE = "queue/test/types.test.ts";

test("queues are typed: what fits compiles, and each line marked as an error is one", { timeout: 60_000 }, () => {
  const options = [
    "--noEmit",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--noUncheckedIndexedAccess",
    "--target",
    "es2023",
    "--skipLibCheck",
  ];
  const resolution = ["--module", "nodenext", "--allowImportingTsExtensions", "--types", "node", "--ignoreConfig"];
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...resolution, FILE], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
  expect(status).toBe(0);
  expect(typed).toBeTypeOf("function");
  expect(readFileSync(`${root}${FILE}`, "utf8").match(/@ts-expect-error/g)!.length).toBeGreaterThan(10);
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <Truth extends true>(): Truth | undefined => undefined;

interface Mail {
  to: string;
  copies?: number;
}

async function typed() {
  const mails = new Queue<Mail, { sentAt: number }>("postgres://localhost/mail", { concurrency: 2 });
  const job = mails.createJob({ to: "ada@example.org" });
  is<Same<typeof job.to, string>>();
  is<Same<typeof job.copies, number | undefined>>();
  is<Same<typeof job.progress, number>>();
  is<Same<typeof job.result, { sentAt: number } | undefined>>();
  const options = {
    priority: "high",
    timeout: 0,
    retryMax: 1,
    repeat: 2,
    dateEnable: new Date(),
    name: "one",
  } as const;
  is<Same<ReturnType<typeof mails.createJob>, typeof job>>();
  mails.createJob({ to: "ada@example.org", ...options }).setPriority("low").to.length;
  // @ts-expect-error: an option is checked, too
  mails.createJob({ to: "ada@example.org", priority: "urgent" });
  // @ts-expect-error: a mail has no such property
  job.subject;
  // @ts-expect-error: a mail goes to somebody
  mails.createJob({ copies: 2 });
  // @ts-expect-error: copies are counted
  mails.createJob({ to: "ada", copies: "two" });
  // @ts-expect-error: priorities have names
  job.setPriority("urgent");
  // @ts-expect-error: progress is a number
  await job.updateProgress("much");

  const [added] = await mails.addJob(job);
  is<Same<typeof added, typeof job | undefined>>();
  await mails.process(async (mail, next, onCancel) => {
    is<Same<typeof mail.to, string>>();
    onCancel(mail, () => {});
    // @ts-expect-error: that is no result of this queue
    await next(null, { sent: true });
    await next(null, mail);
    is<Same<Awaited<ReturnType<typeof next>>, number>>();
    await next(null, { sentAt: 1 });
  });
  const [found] = await mails.findJob((mail) => mail.to === "ada");
  is<Same<typeof found, typeof job | undefined>>();
  const [raw] = await mails.findJob({ to: "ada" }, true);
  is<Same<typeof raw, Record<string, unknown> | undefined>>();
  await mails.cancelJob([job, job.id]);
  mails.on("completed", (queueId, jobId, isRepeating) => {
    is<Same<[typeof queueId, typeof jobId, typeof isRepeating], [string, string, boolean]>>();
  });
  // @ts-expect-error: no such event
  mails.on("finished", () => {});
  // @ts-expect-error: an option must be known
  new Queue(null, { color: "red" });
  // @ts-expect-error: it is read only
  mails.running = 3;
  mails.jobOptions = { priority: "high" };

  const numbers = new Queue<number>();
  is<Same<ReturnType<typeof numbers.createJob>["data"], number>>();
  // @ts-expect-error: that is no number
  numbers.createJob("one");

  const anything = new Queue();
  const any = anything.createJob({ to: "ada" });
  is<Same<typeof any.to, unknown>>();
  // @ts-expect-error: what it carries is not known
  any.to.length;
}
