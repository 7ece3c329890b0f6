// Prints docs/reference/vocabulary.md. Build first.
import { vocabularyMarkdown } from "../dist/docs/vocabulary.js";

process.stdout.write(vocabularyMarkdown());
