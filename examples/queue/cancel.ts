// A long job that is cancelled: its slot is free at once, and its handler is told, wherever it runs.
import { setTimeout as pause } from "node:timers/promises";
import { Queue } from "@callsheet/queue";

interface Render {
  readonly film: string;
  readonly reels: number;
}

const renders = new Queue<Render>(null, { name: "example.renders" });
await renders.process(async (job, next, onCancel) => {
  const abort = new AbortController();
  onCancel(job, () => abort.abort());
  try {
    for (let reel = 0; reel < job.reels; reel++) {
      await job.updateProgress((100 * reel) / job.reels);
      await pause(60_000, undefined, { signal: abort.signal });
    }
    await next(null, "rendered");
  } catch (error) {
    if (abort.signal.aborted) console.log(`${job.film}: stopped`);
    else await next(error);
  }
});

renders.on("progress", async (_queueId, id) => {
  await renders.cancelJob(id, "another cut was chosen");
  const [job] = await renders.getJob(id);
  console.log(`${job?.film}: ${job?.status}, ${job?.getLastLog()?.message}`);
  await renders.stop();
});
await renders.addJob(renders.createJob({ film: "dog.mp4", reels: 4 }));
