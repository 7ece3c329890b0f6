// Writes every generated file of the repository anew.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { printGenerated } from "./generate/print.mjs";
import { GENERATED } from "./generated.mjs";
import { repositoryRoot } from "./repository/root.mjs";

const root = repositoryRoot();
for (const entry of GENERATED) {
  writeFileSync(join(root, entry.file), printGenerated(root, entry));
  console.log(`wrote ${entry.file}`);
}
