// Builds every workspace; arguments go to the compiler, such as --force.
import { build } from "./build/build.mjs";

process.exitCode = build(process.argv.slice(2)) ? 0 : 1;
