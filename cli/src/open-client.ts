import { userInfo } from "node:os";
import type { CallsheetClient } from "@callsheet/contract";
import type { Terminal } from "./terminal.ts";

/**
 * Opens what the commands speak to. Without a database of somebody's it joins the private server of the data directory, or
 * starts it for as long as the command runs. Everything is done in the name of `--as`, by default the user of the system.
 */
export async function openClient({ flags, variables }: Terminal): Promise<CallsheetClient> {
  // Loaded when they are needed, so that --help answers at once.
  const [{ Callsheet }, { chooseDatabase }] = await Promise.all([
    import("@callsheet/core"),
    import("./database-option.ts"),
  ]);
  const actor = flags.as ?? userName(variables);
  const keys = flags.secretKeyFile === undefined ? {} : { secretKeyFile: flags.secretKeyFile };
  const callsheet = await Callsheet.open({ ...chooseDatabase(flags, variables), ...keys, actor, poolSize: 4 });
  return callsheet.as(actor, flags.reason);
}

function userName(variables: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry, as in containers.
    return variables.USER || String(process.getuid?.() ?? "unknown");
  }
}
