// Prints docs/reference/lifecycle.md. Build first.
import { lifecycleMarkdown } from "../dist/docs/lifecycle.js";

process.stdout.write(lifecycleMarkdown());
