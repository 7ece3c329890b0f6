import { openDatabase } from "../../store/database.ts";
import { beat } from "../../store/nodes.ts";
import { PATIENCE } from "../../store/patience.ts";
import { systemClock } from "../clock.ts";
import { startService } from "../service.ts";
import type { PulseWord } from "./pulse.ts";
import { ANSWER_MS, BEAT_AGAIN_MS } from "./times.ts";
import { CELL, type Command, machineMs, TENTH_MS, TURN_MS, type Wire } from "./wire.ts";

/** Beats for a life, by one statement on one connection, and says what comes of it. Answers how commands are done. */
export function startBeats(
  { address, name, everyMs, originMs, cells: memory, ...first }: Wire,
  say: (word: PulseWord) => void,
) {
  const cells = new Int32Array(memory);
  let { nodeId } = first;
  const sinceOrigin = () => machineMs() - originMs;
  const tell = (error: unknown) => {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    say({ kind: "trouble", code: typeof code === "string" ? code : null, message });
  };
  // A connection that says nothing must not use up the lease: it is given up in time for another one.
  const patience = { ...PATIENCE, ...address.patience };
  const db = openDatabase({
    connection: { ...address.connection, application_name: `callsheet heartbeat ${name}` },
    schema: address.schema,
    poolSize: 1,
    clock: systemClock,
    patience: { hot: Math.min(patience.hot, ANSWER_MS), connect: Math.min(patience.connect, ANSWER_MS) },
    onError: tell,
  });

  const round = async () => {
    const [id, sentAt] = [nodeId, sinceOrigin()];
    const lagMs = Math.max(0, Math.round(sentAt - Atomics.load(cells, CELL.turnAt) * TENTH_MS - TURN_MS - TENTH_MS));
    const state = await beat(db, id, { lagMs, refused: Atomics.load(cells, CELL.refused) });
    if (id !== nodeId) return null;
    if (state === undefined) say({ kind: "dead", nodeId: id });
    else {
      Atomics.store(cells, CELL.beatAt, Math.floor(sentAt / TENTH_MS));
      say({ kind: "beat", state });
    }
    return null;
  };
  const service = startService({
    ...{
      name: "heartbeat",
      environment: systemClock,
      everyMs,
      longestPauseMs: Math.min(BEAT_AGAIN_MS, everyMs / 4),
      round,
    },
    firstMs: everyMs - sinceOrigin(),
    log: { error: (_service, error) => tell(error) },
  });

  return {
    obey: (command: Exclude<Command, { readonly kind: "stop" }>) => {
      if (command.kind === "follow") nodeId = command.nodeId;
      else service.wake();
    },
    stop: async () => {
      await service.stop();
      await db.close();
    },
  };
}
