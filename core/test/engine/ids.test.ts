import { describe, expect, test } from "vitest";
import { createIds } from "../../src/engine/ids.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const AT = Date.UTC(2026, 0, 1);

/** Ids at times that the test sets; what is random repeats one digit. */
function idsOf(digit = "f") {
  const clock = { ms: AT };
  return { clock, newId: createIds({ now: () => clock.ms, randomHex: (bytes) => digit.repeat(2 * bytes) }) };
}

const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const ascends = (ids: readonly string[]) => ids.every((id, n) => n === 0 || ids[n - 1]! < id);

describe("ids", () => {
  test("an id is a UUIDv7 of its time, whatever is drawn", () => {
    for (const digit of ["0", "7", "f"]) {
      const id = idsOf(digit).newId();
      expect(id).toMatch(UUID_V7);
      expect(timeOf(id)).toBe(AT);
    }
  });

  test("ids ascend through all counts of a millisecond and on into the next, where nothing random tells them apart", () => {
    const { newId } = idsOf();
    const ids = Array.from({ length: 20_000 }, newId);
    expect(ascends(ids)).toBe(true);
    expect(ids.every((id) => UUID_V7.test(id))).toBe(true);
    // The highest count to begin with leaves 8,193 of them.
    expect(ids.map(timeOf)).toEqual(ids.map((_, n) => AT + Math.floor(n / 8_193)));
  });

  test("they ascend while the clock is set back, and follow it when it has caught up", () => {
    const { clock, newId } = idsOf("0");
    const ids = [newId()];
    clock.ms -= 60_000;
    ids.push(newId(), newId());
    clock.ms += 60_001;
    ids.push(newId());
    expect(ascends(ids)).toBe(true);
    expect(ids.map(timeOf)).toEqual([AT, AT, AT, AT + 1]);
  });
});
