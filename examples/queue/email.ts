// An e-mail queue: each mail is delivered into a Maildir, and tried again in a minute when that fails.
import { once } from "node:events";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Queue } from "@callsheet/queue";

interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const maildir = process.argv[2] ?? "Maildir";
for (const folder of ["tmp", "new", "cur"]) await mkdir(join(maildir, folder), { recursive: true });

/** Written whole, then renamed into view. A second delivery of the same job replaces the first. */
async function deliver(id: string, { to, subject, text }: Mail): Promise<{ file: string }> {
  const [draft, file] = [join(maildir, "tmp", id), join(maildir, "new", id)];
  await writeFile(draft, `To: ${to}\nSubject: ${subject}\n\n${text}\n`);
  await rename(draft, file);
  return { file };
}

const mails = new Queue<Mail, { file: string }>(null, { name: "example.mail", concurrency: 5 });
mails.jobOptions = { retryMax: 5, retryDelay: 60_000, timeout: 30_000 };
mails.on("failed", (_queueId, id) => console.error(id, "failed, and is tried again"));
await mails.process((job) => {
  if (!job.to.includes("@")) throw { cancelJob: `"${job.to}" is no address` };
  return deliver(job.id, job);
});

const idle = once(mails, "idle");
const text = "The call time is 7:30.";
const jobs = ["ada@example.org", "grace@example.org", "nobody"].map((to) =>
  mails.createJob({ to, subject: "Tomorrow", text, priority: "high" }),
);
await mails.addJob(jobs);
await idle;

for (const { to, status, result, log } of await mails.getJob(jobs))
  console.log(to, status, result?.file ?? log.at(-1)?.message);
await mails.stop();
