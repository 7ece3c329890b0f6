import { expect, test } from "vitest";
import { aGroup, expectSound } from "../../src/testing/index.ts";
import { databaseOfFile } from "../store/place.ts";

const file = databaseOfFile();
/** In CI a few hundred; more by hand. */
const ROUNDS = Number(process.env.CALLSHEET_RACE_ROUNDS ?? 150);
const LINES = 4;
/** How many members end at one instant; now and then as many as a large claim and all connections end together. */
const SIZES = [2, 3, 4, 5, 8];
const MOST = 64;
const MOST_EVERY = 50;

test(`members that end at one instant settle their group once, in ${ROUNDS} rounds`, async () => {
  const { store } = file.get();
  const lines = await Promise.all(Array.from({ length: LINES }, (_, n) => store.openHotPath(`race-${n}`)));
  const nodes = { action: { name: "race", type: "test" } };
  for (let round = 0; round < ROUNDS; round++) {
    const size = round % MOST_EVERY === 0 ? MOST : SIZES[round % SIZES.length]!;
    const asMembers = Array.from(
      { length: Math.ceil(size / 2) },
      () => ({ state: "running", as: "member", ...nodes }) as const,
    );
    const asRows = Array.from({ length: Math.floor(size / 2) }, () => ({ state: "running", ...nodes }) as const);
    const { id, members } = await aGroup(file.get(), [...asMembers, ...asRows]);
    await store.transaction((tx) => tx.closeGroup(id));
    await Promise.all(
      members.map(({ id: member, token }, n) =>
        n < asMembers.length
          ? lines[n % LINES]!.complete([{ token: token!, size: 1, ordinals: [1], results: [null], offsets: [0] }])
          : store.transaction((tx) => tx.transition({ event: "fail", changes: [{ id: member, to: "failed" }] })),
      ),
    );
    const counts = { good: asMembers.length, bad: asRows.length, live: 0, waiting: 0 };
    expect(await store.readGroup(id)).toMatchObject({ state: "failed", isSettled: true, generation: 1, counts });
    const events = (await store.readHistory([id])).map(({ event }) => event);
    expect(events).toEqual(["create", "first_failure", "settled"]);
  }
  await Promise.all(lines.map((line) => line.close()));
  await expectSound(file.get());
}, 600_000);

test("two transactions that change members of the same groups in opposite orders do not wait for each other", async () => {
  const { store } = file.get();
  for (let round = 0; round < 20; round++) {
    const [one, two] = [
      await aGroup(file.get(), [{ state: "pending" }, { state: "pending" }]),
      await aGroup(file.get(), [{ state: "pending" }, { state: "pending" }]),
    ];
    const hold = (first: string, second: string) =>
      store.transaction(async (tx) => {
        for (const id of [first, second]) await tx.transition({ event: "hold", changes: [{ id, to: "paused" }] });
      });
    await Promise.all([hold(one.members[0]!.id, two.members[0]!.id), hold(two.members[1]!.id, one.members[1]!.id)]);
    for (const { id } of [one, two]) expect(await store.readGroup(id)).toMatchObject({ counts: { held: 2 } });
  }
});
