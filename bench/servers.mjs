import { makeDirectory, removeDirectory } from "./machine/directory.mjs";
import { openPostgres } from "./machine/postgres.mjs";
import { missingRedis, openRedis } from "./machine/redis.mjs";
import { loadSystem } from "./systems/index.mjs";

/**
 * Starts the servers that the systems need in a throw-away directory, and says which systems are skipped and why.
 * @param {{systems: readonly string[], postgres: string, data: string}} options
 */
export async function openServers(options) {
  const directory = makeDirectory(options.data);
  const removeAtExit = () => removeDirectory(directory);
  process.on("exit", removeAtExit);
  const opened = new Map();
  const systems = [];
  const skipped = [];
  let isClosing = false;
  const close = async () => {
    isClosing = true;
    for (const server of opened.values()) await server.stop();
    removeDirectory(directory);
    process.off("exit", removeAtExit);
  };
  try {
    opened.set("postgres", await openPostgres({ kind: options.postgres, directory }));
    for (const name of options.systems) {
      const system = await loadSystem(name);
      const missing = system.store === "redis" ? missingRedis() : await system.missing?.();
      if (missing !== undefined) {
        skipped.push({ name, reason: missing });
        continue;
      }
      systems.push(system);
      if (system.store === "redis") opened.set(system.sync, openRedis({ sync: system.sync, directory }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const serverOf = (system) => opened.get(system.store === "redis" ? system.sync : "postgres");
  return {
    directory,
    systems,
    skipped,
    servers: [...opened.values()],
    serverOf,
    isClosing: () => isClosing,
    close,
  };
}
