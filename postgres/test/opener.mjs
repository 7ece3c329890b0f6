// Opens the server of a data directory, says so, and obeys lines: "close" leaves, "insert" writes rows until it is killed.
import { createInterface } from "node:readline";
import pg from "pg";
import { openPrivateServer } from "../dist/index.js";

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const [dataDir, timeoutMs = "120000"] = process.argv.slice(2);

async function insertForEver(server) {
  const client = new pg.Client(server.url);
  client.on("error", () => undefined);
  await client.connect();
  await client.query("create table if not exists acknowledged (id bigint primary key)");
  const { rows } = await client.query("select coalesce(max(id), 0)::int as last from acknowledged");
  for (let id = rows[0].last + 1; ; id += 1) {
    await client.query("insert into acknowledged values ($1)", [id]);
    say({ acknowledged: id });
  }
}

try {
  const server = await openPrivateServer({ dataDir, timeoutMs: Number(timeoutMs) });
  say({ opened: true, version: server.version, url: server.url, pid: process.pid });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "insert") insertForEver(server).catch((error) => say({ broke: error.message }));
    if (line === "close") {
      await server.close();
      say({ closed: true });
      process.exit(0);
    }
  }
} catch (error) {
  say({ code: error.code, message: error.message, hint: error.hint });
  process.exit(1);
}
