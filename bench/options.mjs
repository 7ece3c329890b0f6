import { parseArgs } from "node:util";

const OPTIONS = {
  only: { type: "string" },
  systems: { type: "string" },
  rounds: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "string" },
  publish: { type: "boolean", default: false },
  force: { type: "boolean", default: false },
  postgres: { type: "string", default: "debian" },
  data: { type: "string", default: "/var/tmp" },
  limit: { type: "string", default: "30" },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

const COMMANDS = ["run", "sweep", "publish"];
const USUAL_SYSTEMS = "callsheet,callsheet-queue,graphile-worker,pg-boss,bullmq-redis,bullmq-postgres";

export const USAGE = `npm run bench -- [run|sweep|publish FILE…] [options]
  run                measure (the default)
  sweep              try the peers' settings, print the best, keep them in bench/sweep.json
  publish FILE…      write docs/performance.md from what --json kept, of one run or of several at one commit
  --only A,B         these scenarios (--list names them; drain-* means all that begin so)
  --systems A,B      these systems; usually ${USUAL_SYSTEMS}
  --rounds N         rounds of every scenario, 3 unless told (1 with --quick)
  --quick            small sizes: proves in seconds that everything runs
  --limit SECONDS    cuts a drain off, 30 unless told; the rate is then of that time
  --postgres WHICH   debian (usually), private (Callsheet's own binaries), or the URL of a server
  --data DIR         where the servers keep their data, /var/tmp unless told
  --json FILE        keeps every result
  --publish          writes docs/performance.md at the end
  --force            publishes although another process took more than 10 % of a core, and says so`;

/**
 * What the command line asks for.
 * @param {readonly string[]} words
 */
export function readOptions(words) {
  const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  const [command = "run", ...files] = positionals;
  if (!COMMANDS.includes(command)) throw new Error(`unknown command ${command}\n${USAGE}`);
  if (command === "publish" && files.length === 0)
    throw new Error(`publish needs the files that --json wrote\n${USAGE}`);
  return {
    ...values,
    command,
    files,
    only: values.only?.split(","),
    systems: (values.systems ?? USUAL_SYSTEMS).split(","),
    rounds: positive("rounds", values.rounds ?? (values.quick ? "1" : "3")),
    limitMs: positive("limit", values.limit) * 1000,
  };
}

function positive(name, text) {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} must be a number above 0, not ${text}`);
  return number;
}

/**
 * The names that the patterns choose; a pattern may end in a star. Nothing chosen is a mistake.
 * @param {readonly string[]} names
 * @param {readonly string[] | undefined} patterns
 */
export function chooseNames(names, patterns) {
  if (patterns === undefined) return names;
  const fits = (name, pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
  for (const pattern of patterns) {
    if (!names.some((name) => fits(name, pattern)))
      throw new Error(`nothing is called ${pattern}: ${names.join(", ")}`);
  }
  return names.filter((name) => patterns.some((pattern) => fits(name, pattern)));
}
