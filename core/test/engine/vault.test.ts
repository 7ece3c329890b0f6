import { callsheetError } from "@callsheet/contract";
import { expect, test } from "vitest";
import { createVault } from "../../src/engine/secrets/vault.ts";
import { seal, secretKey } from "../../src/operations/secrets/seal.ts";
import { refusal } from "../fixtures/floor.ts";

const key = secretKey(new Uint8Array(32).fill(7));
const row = { name: "a", actions: null, ...seal(key, { name: "a", value: "value" }, new Uint8Array(12)) };

/** A vault whose database is away for the first `losses` questions, and who asks it. */
function aVault(losses: number) {
  const state = { asked: 0, isOver: false, troubles: 0 };
  const vault = createVault(
    {
      store: {
        sealedSecrets: async () => {
          state.asked += 1;
          if (state.asked <= losses) throw callsheetError("database_lost", "The connection was lost.");
          return [row];
        },
      },
      safe: { keyring: { all: async () => new Map([[key.id, key]]) } },
      environment: {
        timers: {
          after: (_: number, call: () => void) => {
            if (state.asked === 5) state.isOver = true;
            queueMicrotask(call);
          },
        },
      },
      log: {
        error: () => {
          state.troubles += 1;
        },
      },
    } as never,
    () => 1,
  );
  const isOver = () => state.isOver;
  const asking = { jobId: "job", attempt: 1, action: "action", configuration: { a: "secret://a" }, isOver };
  return { state, unseal: () => vault.unseal(asking) };
}

test("an attempt waits for its secrets while the database is away", async () => {
  const { state, unseal } = aVault(3);
  expect(await unseal()).toMatchObject({ configuration: { a: "value" } });
  expect(state).toMatchObject({ asked: 4, troubles: 3 });
});

test("an attempt that another has taken over waits no more", async () => {
  const { state, unseal } = aVault(100);
  expect((await refusal(unseal)).code).toBe("stale_attempt");
  expect(state.asked).toBe(5);
});
