/**
 * One report of several that were measured apart, at one commit and on one machine: long suites are run in parts. The head
 * is that of the first. A scenario stands in one part only; how many rounds it had is that part's.
 * @param {readonly any[]} reports
 */
export function mergeReports(reports) {
  const [first] = reports;
  for (const key of ["commit", "node"]) {
    const others = new Set(reports.map((report) => report[key]));
    if (others.size > 1) throw new Error(`the reports differ in their ${key}: ${[...others].join(", ")}`);
  }
  const scenarios = {};
  for (const report of reports) {
    for (const [name, title] of Object.entries(report.scenarios)) {
      if (name in scenarios) throw new Error(`${name} stands in more than one report`);
      scenarios[name] = title;
    }
  }
  const rounds = reports.map((report) => report.rounds);
  return {
    ...first,
    quick: reports.some((report) => report.quick),
    rounds: Math.min(...rounds),
    mostRounds: Math.max(...rounds),
    skipped: uniqueBy(reports.flatMap((report) => report.skipped)),
    servers: uniqueBy(
      reports.flatMap((report) => report.servers),
      "label",
    ),
    systems: uniqueBy(reports.flatMap((report) => report.systems)),
    scenarios,
    results: reports.flatMap((report) => report.results),
  };
}

function uniqueBy(things, key = "name") {
  return [...new Map(things.map((thing) => [thing[key], thing])).values()];
}
