import pg from "pg";
import type { Hearing } from "../connection.ts";
import { serverFailure } from "../failure.ts";
import { Client, type ClientConfig } from "./client.ts";
import { reach } from "./reach.ts";

/** A listener only hears; that it still could is asked this often. */
const PROBE_MS = 30_000;

/** Listens on a channel until it is closed or lost. */
export async function openListener(config: ClientConfig, hearing: Hearing): Promise<{ close(): Promise<void> }> {
  const { clock, patience } = config;
  let isListening = false;
  let timer: { cancel(): void } | undefined;
  const stop = () => {
    isListening = false;
    timer?.cancel();
  };
  const lost = () => {
    if (!isListening) return;
    stop();
    hearing.onLoss();
  };
  const client = await reach(config, async () => {
    const one = new Client(config);
    one.on("error", lost);
    one.on("end", lost);
    await one.connect();
    return one;
  });
  const probe = () => {
    // A failure is heard as the loss that it is.
    client.ask({ text: "select 1" }, patience.hot).then(plan, () => {});
  };
  const plan = () => {
    if (isListening) timer = clock.timers.after(PROBE_MS, probe);
  };
  client.on("notification", (message) => hearing.onMessage(message.payload ?? ""));
  try {
    await client.ask({ text: `listen ${pg.escapeIdentifier(hearing.channel)}` }, patience.hot);
  } catch (error) {
    await client.end().catch(() => {});
    throw serverFailure(error);
  }
  isListening = true;
  plan();
  return {
    close: async () => {
      stop();
      await client.end();
    },
  };
}
