import type { Json } from "./json.ts";
import { nameSchema } from "./name.ts";

/** What is known of a secret beside its value, which nobody can read back. */
export interface Secret {
  readonly name: string;
  /** Counts its values, from 1. */
  readonly version: number;
  /** The key that its value is sealed with, by its id. */
  readonly keyId: string;
  /** The only actions, by name, whose jobs may use it; null: every one. */
  readonly actions: readonly string[] | null;
  /** When it got its value. */
  readonly changedAt: Date;
  readonly changedBy: string;
  readonly reason: string | null;
}

/** A value to keep secret, and who may use it. */
export interface SecretInput {
  /** 4 to 16,384 characters. */
  readonly value: string;
  /** The only actions, by name, whose jobs may use it; null: every one. Default: as before; of a new secret: every one. */
  readonly actions?: readonly string[] | null;
}

/** What was done with a secret. Its value is not among it. */
export interface SecretUse {
  /** It got a value, was sealed with another key, was forgotten, or an attempt asked for it. */
  readonly event: "put" | "rotate" | "remove" | "read";
  /** Of the value. */
  readonly version: number;
  readonly at: Date;
  /** Who did it; null for an attempt. */
  readonly actor: string | null;
  readonly reason: string | null;
  /** The job that asked; as long as the job is kept. */
  readonly jobId: string | null;
  readonly attempt: number | null;
  readonly node: string | null;
}

/** What a rotation of keys came to. */
export interface SecretRotation {
  /** The key that all secrets are sealed with now. */
  readonly keyId: string;
  /** How many were sealed anew. */
  readonly secretCount: number;
}

/** What a node can do that has the keys of secrets: it runs jobs whose configurations refer to them. */
export const SECRETS_CAPABILITY = "callsheet.secrets";

const SCHEME = "secret://";

/** Whether a configuration, as JSON text, may refer to secrets. One look at the text: all that it costs jobs that do not. */
export function mayReferToSecrets(json: string): boolean {
  return json.includes(`"${SCHEME}`);
}

/** The secrets that a configuration refers to, each once. A text that begins as a reference and is none is given as it stands. */
export function secretsIn(configuration: Json | unknown): readonly string[] {
  const found = new Set<string>();
  mapTexts(configuration, (text) => {
    if (text.startsWith(SCHEME)) found.add(text.slice(SCHEME.length));
    return text;
  });
  return [...found];
}

/** Whether this can be a secret's name. */
export function isSecretName(name: string): boolean {
  return nameSchema.safeParse(name).success;
}

/** A configuration with the values of its references in their places. */
export function withSecrets(configuration: unknown, values: ReadonlyMap<string, string>): unknown {
  return mapTexts(configuration, (text) =>
    text.startsWith(SCHEME) ? (values.get(text.slice(SCHEME.length)) ?? text) : text,
  );
}

/** A JSON value with each of its texts exchanged; names of fields stay. */
function mapTexts(value: unknown, exchange: (text: string) => string): unknown {
  if (typeof value === "string") return exchange(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, exchange));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, exchange)]));
}
