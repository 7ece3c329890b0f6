// Entry of `npm run bench` and `npm run bench:faults`: sees to the peers' packages and the Node they need, then hands over.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const NODE_NEEDED = [22, 18];

if (!existsSync(`${HERE}node_modules/.package-lock.json`)) {
  console.log("bench: installing the peers (npm ci in bench/)");
  const installed = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: HERE,
    stdio: "inherit",
  });
  if (installed.status !== 0) {
    console.error("bench: npm ci in bench/ failed; the peers cannot be measured without their packages");
    process.exit(1);
  }
}

if (isNewEnough(process.versions.node)) {
  const [first, ...rest] = process.argv.slice(2);
  if (first === "faults") process.exitCode = await (await import("./faults/main.mjs")).main(rest);
  else process.exitCode = await (await import("./suite.mjs")).main(process.argv.slice(2));
} else {
  process.exitCode = await runOn(newerNode());
}

/** The same again on another Node, which is told to stop when we are. A terminal's Ctrl-C reaches both of us by itself. */
async function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, "exit");
  return code ?? 1;
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1]);
}

function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    console.error(`bench: the peers need Node ${NODE_NEEDED.join(".")} or newer; this is ${process.version}`);
    return process.exit(1);
  }
}
