import { parseArgs } from "node:util";
import { FAULTS } from "./nemesis.mjs";
import { SUBJECTS } from "./subjects/index.mjs";

const LEASES = ["usual", "short"];

const OPTIONS = {
  systems: { type: "string", default: SUBJECTS.join(",") },
  faults: { type: "string", default: Object.keys(FAULTS).join(",") },
  leases: { type: "string", default: LEASES.join(",") },
  quick: { type: "boolean", default: false },
  json: { type: "string" },
  publish: { type: "boolean", default: false },
  postgres: { type: "string", default: "debian" },
  data: { type: "string", default: "/var/tmp" },
  help: { type: "boolean", default: false },
};

export const USAGE = `npm run bench:faults -- [options]
npm run bench:faults -- publish FILE…   writes the outcome that --json kept, of one run or of several, into docs/reliability.md
  --systems A,B      these systems; usually ${OPTIONS.systems.default}
  --faults A,B       these faults; usually ${OPTIONS.faults.default}
  --leases A,B       with leases as they come (usual), and about ten seconds long (short); usually both
  --quick            each fault once, one after the other: proves in a minute or two that everything runs
  --json FILE        keeps the outcome
  --publish          writes it into docs/reliability.md at the end
  --postgres WHICH   debian (usually) or private (Callsheet's own binaries)
  --data DIR         where the servers keep their data, /var/tmp unless told`;

/**
 * What the command line asks for.
 * @param {readonly string[]} words
 */
export function readFaultOptions(words) {
  const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  const [command = "run", ...files] = positionals;
  if (command !== "run" && command !== "publish") throw new Error(`unknown command ${command}\n${USAGE}`);
  if (command === "publish" && files.length === 0)
    throw new Error(`publish needs the files that --json wrote\n${USAGE}`);
  if (values.quick && values.publish) throw new Error(`what --quick says is not published\n${USAGE}`);
  return {
    ...values,
    command,
    files,
    systems: among("system", values.systems, SUBJECTS),
    faults: among("fault", values.faults, Object.keys(FAULTS)),
    leases: among("lease", values.leases, LEASES),
  };
}

function among(what, text, known) {
  const names = text.split(",");
  for (const name of names) if (!known.includes(name)) throw new Error(`unknown ${what} ${name}: ${known.join(", ")}`);
  return names;
}
