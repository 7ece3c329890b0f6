// A door of its own: who needs the errors alone does not load every schema with them.
export * from "../model/errors.ts";
