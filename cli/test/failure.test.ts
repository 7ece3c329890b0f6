import { callsheetError } from "@callsheet/core";
import { PostgresError } from "@callsheet/postgres";
import { expect, it } from "vitest";
import { describeFailure } from "../src/failure.ts";

it("an error of the library is its sentence, its code and what to do next", () => {
  expect(describeFailure(callsheetError("unknown_action", "There is no action proxy."))).toBe(
    "callsheet: There is no action proxy. (unknown_action)\nCreate the action first, or check its name.\n",
  );
});

it("an error of the private server ends with its hint", () => {
  const error = new PostgresError("data_directory_in_use", "It is in use by process 7.", "Stop that process.");
  expect(describeFailure(error)).toBe(
    "callsheet: It is in use by process 7. (data_directory_in_use)\nStop that process.\n",
  );
});

it.each([
  [new TypeError("x is undefined"), "callsheet: x is undefined\n"],
  ["just a text", "callsheet: just a text\n"],
  [undefined, "callsheet: undefined\n"],
  [new Error(""), "callsheet: Something failed without saying why.\n"],
  [new AggregateError([new Error("connect ECONNREFUSED ::1")], ""), "callsheet: connect ECONNREFUSED ::1\n"],
])("anything else that is thrown is told without a stack: %s", (error, begin) => {
  const text = describeFailure(error);
  expect(text.startsWith(begin)).toBe(true);
  expect(text).not.toMatch(/^ +at /m);
});

it("a message cannot steer the terminal", () => {
  expect(describeFailure(new Error("\u001b[2J\nsecond"))).toContain("callsheet: \\u{1b}[2J\\nsecond\n");
});
