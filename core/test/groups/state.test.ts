import {
  CLASS_OF_STATE,
  type Composite,
  type CompositeState,
  composeState,
  INTENTS,
  JOB_STATES,
  MEMBER_CLASSES,
  type MemberCounts,
} from "@callsheet/contract";
import { expect, test } from "vitest";
import { databaseOfFile } from "../store/place.ts";

const file = databaseOfFile();
const COUNTED = [
  ...MEMBER_CLASSES.filter((name) => name !== "waiting"),
  "due",
  "unplanned",
  "later",
  "rolling",
] as const;

/** Every composite with none, one or two members in each class, closed or not, begun or not, of each kind and intent. */
function* allComposites(): Generator<Record<string, unknown> & { composite: Composite }> {
  const switches = [false, true];
  for (let bits = 0; bits < 2 ** COUNTED.length; bits++) {
    const stored = Object.fromEntries(COUNTED.map((name, place) => [name, (bits >> place) & 1])) as Record<
      string,
      number
    >;
    const waiting = stored.due! + stored.unplanned! + stored.later!;
    const counts = { ...stored, waiting, rollingBack: stored.rolling } as unknown as MemberCounts;
    for (const kind of ["group", "run"] as const)
      for (const intent of INTENTS)
        for (const closed of switches)
          for (const begun of switches)
            yield {
              ...stored,
              waiting,
              kind,
              intent,
              closed,
              begun,
              composite: { kind, counts, intent, closed, begun },
            };
  }
}

test("the database derives the state of a composite as the contract does", async () => {
  const all = [...allComposites()];
  const { rows } = await file.get().db.query<{ states: CompositeState[] }>({
    text: `select array_agg(callsheet.composed_state(jsonb_populate_record(null::callsheet.composite, value)) order by n) as states
      from jsonb_array_elements($1::jsonb) with ordinality as c (value, n)`,
    values: [JSON.stringify(all.map(({ composite: _, ...row }) => row))],
  });
  expect(rows[0]!.states).toEqual(all.map(({ composite }) => composeState(composite).state));
});

test("the database counts a member by its state as the contract does", async () => {
  const { rows } = await file.get().db.query<{ state: string; class: string | null }>({
    text: "select state, callsheet.member_class(state) as class from unnest(enum_range(null::callsheet.job_state)) as state",
    values: [],
  });
  const classes = Object.fromEntries(rows.map((row) => [row.state, row.class]));
  const finer: Record<string, string | null> = { created: "unplanned", scheduled: "later", retrying: "later" };
  for (const state of JOB_STATES) {
    const expected = CLASS_OF_STATE[state] === "waiting" ? (finer[state] ?? null) : CLASS_OF_STATE[state];
    expect([state, classes[state]]).toEqual([state, expected]);
  }
});
