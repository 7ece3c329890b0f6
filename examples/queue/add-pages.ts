// Adds pages and waits until workers elsewhere have summed up all of them: events come from every process.
import { openPages } from "./pages.ts";

const pages = openPages();
await pages.ready();
const jobs = Array.from({ length: 40 }, (_, number) => pages.createJob({ number, text: `This is page ${number}.` }));

const waited = new Set(jobs.map(({ id }) => id));
pages.on("completed", async (_queueId, id) => {
  waited.delete(id);
  if (waited.size > 0) return;
  const done = await pages.getJob(jobs);
  for (const { number, result } of done) console.log(number, result?.sha256, result?.by);
  await pages.stop();
});
await pages.addJob(jobs);
