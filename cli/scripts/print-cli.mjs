// Prints docs/reference/cli.md. Build first.
import { cliMarkdown } from "../dist/docs/cli-reference.js";

process.stdout.write(cliMarkdown());
