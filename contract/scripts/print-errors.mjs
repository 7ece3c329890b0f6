// Prints docs/reference/errors.md. Build first.
import { errorsMarkdown } from "../dist/docs/errors.js";

process.stdout.write(errorsMarkdown());
