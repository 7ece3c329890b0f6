// Reminders: each begins at its own time, to the millisecond, also when nothing else happens. Until then it can be moved.
import { Queue } from "@callsheet/queue";

interface Reminder {
  readonly who: string;
  readonly what: string;
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000);

const reminders = new Queue<Reminder>(null, { name: "example.reminders" });
await reminders.process(({ who, what }) => console.log(`${who}: ${what}`));

const tea = reminders.createJob({ who: "Ada", what: "the tea is ready" }).setDateEnable(inSeconds(1));
const walk = reminders.createJob({ who: "Grace", what: "take a walk" }).setDateEnable(inSeconds(3_600));
const bread = reminders.createJob({ who: "Alan", what: "buy bread" }).setDateEnable(inSeconds(7_200));
await reminders.addJob([tea, walk, bread]);

await walk.setDateEnable(inSeconds(0.5)).update();
await reminders.cancelJob(bread, "there is enough");

let left = 2;
reminders.on("completed", async () => {
  left -= 1;
  if (left > 0) return;
  console.log(await reminders.summary());
  await reminders.stop();
});
