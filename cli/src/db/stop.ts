import { type PostgresError, serverStatus, stopServer } from "@callsheet/postgres";
import { EXIT } from "../exit-code.ts";
import { failure } from "../failure.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { privateDataDir } from "./private-server.ts";
import { readUsers } from "./users.ts";

/** Stops the private server. While processes use it that is refused, unless it is forced. */
export async function stopDatabase(terminal: Terminal, isForced: boolean): Promise<void> {
  const dataDir = privateDataDir(terminal);
  const { userPids } = await serverStatus(dataDir);
  const users = await readUsers(userPids);
  const outcome = await stopServer(dataDir, { whenUsed: isForced ? "stop" : "refuse" }).catch((error: unknown) => {
    if ((error as PostgresError).code !== "server_in_use") throw error;
    throw failure(
      "server_in_use",
      `The server is used by ${users.map(({ pid, command }) => `process ${pid} (${command})`).join(", ")}.`,
      "Stop these processes first, or stop it all the same by callsheet db stop --force; they lose their connections then.",
      EXIT.conflict,
    );
  });
  const sentence = outcome === "stopped" ? "The server was stopped." : "The server was not running.";
  printOne(terminal, { dataDir, outcome }, () => `${sentence}\n`);
}
