/** What a run of tests came to, with the reasons that tests gave for being skipped. */
export function tallyOf(modules, unhandledErrors) {
  const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0, reasons: new Map() };
  for (const module of modules) {
    for (const test of module.children.allTests()) count(tally, test.result());
    // A file that could not be loaded, or whose set-up failed, has no failed test of its own to be counted.
    if (module.state() === "failed" && !hasFailedTest(module)) tally.failed += 1;
  }
  return tally;
}

function hasFailedTest(module) {
  return [...module.children.allTests()].some((test) => test.result().state === "failed");
}

function count(tally, result) {
  if (result.state === "passed" || result.state === "failed") {
    tally[result.state] += 1;
    return;
  }
  // A pending test is one that an interrupted run never reached: it has not passed, so it has failed.
  if (result.state === "pending") {
    tally.failed += 1;
    return;
  }
  tally.skipped += 1;
  const reason = result.note ?? "no reason given";
  tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
}

/** The closing line. Other programs read it: it stays exactly like this. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** One line for each reason that tests gave for being skipped. */
export function skippedLines({ reasons }) {
  return [...reasons].map(([reason, times]) => `skipped: ${reason} (${times} ${times === 1 ? "test" : "tests"})`);
}
