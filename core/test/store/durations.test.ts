import { randomUUID } from "node:crypto";
import { MOST_OBSERVATIONS } from "@callsheet/contract";
import { expect, test } from "vitest";
import { databaseOfFile } from "./place.ts";

const file = databaseOfFile();
let count = 0;
/** The number of an action of this test only, and what is known of it by size class. */
const anAction = () => {
  count += 1;
  const actionId = count;
  const known = async () => {
    const rows = (await file.get().store.readDurations()).filter((row) => row.actionId === actionId);
    return Object.fromEntries(rows.map(({ sizeClass, counts }) => [sizeClass, counts]));
  };
  return { actionId, known };
};

test("what was observed adds up, whichever histogram is the longer one", async () => {
  const { actionId, known } = anAction();
  const add = (sizeClass: number, counts: readonly number[]) =>
    file.get().store.addDurations(randomUUID(), [{ actionId, sizeClass, counts }]);
  await add(3, [1, 0, 2]);
  await add(3, [5]);
  await add(3, [0, 1, 0, 0, 7]);
  await add(-100, [9]);
  expect(await known()).toEqual({ 3: [6, 1, 2, 0, 7], "-100": [9] });
});

test("old observations fade: when there are too many, all counts are halved", async () => {
  const { actionId, known } = anAction();
  const add = (counts: readonly number[]) =>
    file.get().store.addDurations(randomUUID(), [{ actionId, sizeClass: 0, counts }]);
  await add([MOST_OBSERVATIONS - 1, 1]);
  expect(await known()).toEqual({ 0: [MOST_OBSERVATIONS - 1, 1] });
  await add([0, 1]);
  expect(await known()).toEqual({ 0: [Math.floor((MOST_OBSERVATIONS - 1) / 2), 1] });
});

test("many add at once, in any order of kinds, and nothing is lost", async () => {
  const [one, two] = [anAction(), anAction()];
  const kinds = [one, two].map(({ actionId }) => ({ actionId, sizeClass: 1, counts: [1, 2] }));
  const adding = Array.from({ length: 30 }, (_, n) =>
    file.get().store.addDurations(randomUUID(), n % 2 === 0 ? kinds : kinds.toReversed()),
  );
  await Promise.all(adding);
  expect(await one.known()).toEqual({ 1: [30, 60] });
  expect(await two.known()).toEqual({ 1: [30, 60] });
});

test("what was observed is added once, however often it is sent: an answer may have been lost", async () => {
  const { actionId, known } = anAction();
  const receipt = randomUUID();
  const send = () => file.get().store.addDurations(receipt, [{ actionId, sizeClass: 1, counts: [1, 2] }]);
  await Promise.all([send(), send()]);
  await send();
  expect(await known()).toEqual({ 1: [1, 2] });
});
