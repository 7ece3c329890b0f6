// Takes the opener's lock again and again, and notes when it is inside; killed at some moment by its parent.
import { appendFileSync } from "node:fs";
import { takeLock } from "../dist/lock-file.js";
import { deadlineIn, pause } from "../dist/pause.js";

const [directory, journal, times] = process.argv.slice(2);
for (let i = 0; i < Number(times); i += 1) {
  const lock = await takeLock(directory, deadlineIn(60_000));
  appendFileSync(journal, `in ${process.pid}\n`);
  await pause(i % 3);
  appendFileSync(journal, `out ${process.pid}\n`);
  await lock.release();
}
