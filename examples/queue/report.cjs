// A report that repeats: one job, which runs again some time after each success. In CommonJS.
const { readdirSync } = require("node:fs");
const Queue = require("@callsheet/queue");

const reports = new Queue(null, { name: "example.reports" });

reports.on("completed", async (_queueId, _jobId, isRepeating) => {
  if (!isRepeating) await reports.stop();
});

async function main() {
  await reports.process(({ processCount, folder }) => {
    const files = readdirSync(folder).length;
    console.log(`report ${processCount}: ${files} files`);
    return { files };
  });
  // Whoever starts first adds it: under this name there is one.
  if (await reports.containsJobByName("files")) return;
  // Three runs: the first, and two repeats. `setRepeat(true)` is for ever, until it is cancelled.
  const report = reports.createJob({ folder: process.argv[2] ?? "." }).setName("files");
  await reports.addJob(report.setRepeat(2).setRepeatDelay(300));
}

void main();
