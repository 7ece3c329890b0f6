import picocolors from "picocolors";

interface Surroundings {
  readonly variables: NodeJS.ProcessEnv;
  readonly argv: readonly string[];
  readonly isTTY: boolean;
}

/** NO_COLOR and --no-color forbid, FORCE_COLOR demands, else a terminal that is not dumb gets colours. */
export function wantsColours({ variables, argv, isTTY }: Surroundings): boolean {
  if (variables.NO_COLOR || argv.includes("--no-color")) return false;
  if (variables.FORCE_COLOR) return variables.FORCE_COLOR !== "0";
  return isTTY && variables.TERM !== "dumb";
}

export const colours = picocolors.createColors(
  wantsColours({ variables: process.env, argv: process.argv, isTTY: process.stdout.isTTY === true }),
);
