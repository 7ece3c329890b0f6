// A worker: start it as often as you like, on as many machines as you like. Ctrl-C lets what runs end.
import { createHash } from "node:crypto";
import { openPages } from "./pages.ts";

const pages = openPages({ concurrency: 2 });
await pages.process(async ({ text }) => ({
  sha256: createHash("sha256").update(text).digest("hex"),
  by: process.pid,
}));
console.log("working");
process.once("SIGINT", () => pages.stop());
