import { createHash } from "node:crypto";
import {
  type Action,
  callsheetError,
  type JobInput,
  type Origin,
  PRIORITIES,
  type PriorityName,
  parsePriority,
  type Target,
  targetSchema,
} from "@callsheet/contract";
import type { z } from "zod";
import {
  addRow,
  type BatchDefaults,
  type EncodedRows,
  type GrowingRows,
  type NewJob,
  noRows,
} from "../store/create.ts";
import type { ActionVersion } from "../store/dictionary.ts";
import { objectHash } from "../store/keeping.ts";
import type { Statements } from "../store/store.ts";
import { BATCH_BYTES, BATCH_ITEMS } from "./batches.ts";
import type { Catalogue } from "./catalogue.ts";
import { settleConfiguration, storableJson, storableText } from "./configuration.ts";
import { inOrder } from "./in-order.ts";
import { checkInput } from "./job-input.ts";
import { lane, locksOf, unitsOf } from "./needs.ts";
import { requirePossible } from "./possible.ts";
import { requirementsOf } from "./requirements.ts";
import { requireSecrets, secretsAsked } from "./secrets/asked.ts";
import type { TypeRegistry } from "./type-registry.ts";

export interface Creation {
  readonly action: string;
  readonly inputs: readonly JobInput[];
  readonly actor: string;
  readonly reason: string | null;
  readonly origin: Origin;
  /** They are the members of a group: of its version of the action, and in line where it says. */
  readonly group?: { readonly id: string; readonly version: ActionVersion; readonly laneOf: Catalogue["lane"] };
}

export interface Makers {
  readonly catalogue: Catalogue;
  readonly types: TypeRegistry;
  readonly newId: () => string;
  readonly timers: Timers;
}

type Timers = { after(ms: number, call: () => void): unknown; keepAlive(): { cancel(): void } };

/** Jobs that were checked and are ready to be inserted. */
export interface Prepared {
  readonly jobs: readonly NewJob[];
  readonly defaults: BatchDefaults;
}

const LATEST = Date.UTC(9999, 11, 31);
const EARLIEST = Date.UTC(1970, 0, 1);

/** Checks what is asked for and copies the action's part. Touches no row of a job. */
export async function prepareJobs(makers: Makers, creation: Creation): Promise<Prepared> {
  const version = creation.group?.version ?? (await makers.catalogue.current(creation.action));
  const { definition } = version;
  if (!creation.group) requireEnabled(definition);
  const known = await makers.types.known(definition.type);
  const actor = storableText(creation.actor, "actor", 200);
  const ownerId = await makers.catalogue.ownerId(actor);
  const usual = await makers.catalogue.usualLane(version, ownerId, known?.version);
  const defaults: BatchDefaults = {
    actionId: version.actionId,
    actionVersionId: version.id,
    ownerId,
    laneId: usual.id,
    rank: rankOf(definition.priority),
    kind: "job",
    origin: creation.origin,
  };
  const type = makers.types.get(definition.type);
  const secrets = new Set<string>();
  const jobs: NewJob[] = [];
  let possible: Action["needs"] | undefined;
  for (const input of creation.inputs) {
    checkInput(input);
    if (input.keepOpen)
      throw callsheetError("invalid_argument", "Only a group of members is kept open.", { field: "keepOpen" });
    const owner =
      input.owner === undefined || input.owner === actor ? undefined : storableText(input.owner, "owner", 200);
    const ownerId = owner === undefined ? undefined : await makers.catalogue.ownerId(owner);
    const job = prepareJob(makers.newId(), version, known?.configuration, input, {
      actor,
      ownerId,
      reason: creation.reason,
    });
    if (definition.runRule !== null) await requireRule(definition, { owner: actor, ...input }, job.configuration);
    const requirements = requirementsOf(type, definition, job.configuration);
    for (const name of secretsAsked(type, job.configuration)) secrets.add(name);
    const units = unitsOf(definition, input);
    if (units !== possible) await requirePossible(makers.catalogue, units, definition.site);
    possible = units;
    const isUsual =
      requirements === definition.requires && units === definition.needs && !job.locks && ownerId === undefined;
    const needs = () =>
      lane({ capabilities: requirements, units, locks: job.locks !== undefined, version: known?.version });
    const laneOf = creation.group?.laneOf ?? makers.catalogue.lane;
    const { id, isGuest } =
      isUsual && !creation.group ? usual : await laneOf(version, needs(), ownerId ?? defaults.ownerId);
    if (creation.group) job.parentId = creation.group.id;
    if (id === defaults.laneId && !isGuest) jobs.push(job);
    else jobs.push({ ...job, laneId: id, ...(isGuest ? { guest: true } : {}) });
  }
  await requireSecrets(makers.catalogue, definition.name, [...secrets]);
  return { jobs, defaults };
}

/** Fails with `action_disabled`: nothing new is made of the action. */
export function requireEnabled({ name, enabled }: Pick<Action, "name" | "enabled">): void {
  if (!enabled) throw callsheetError("action_disabled", `Action "${name}" is disabled.`, { action: name });
}

/** CEL is loaded with the first rule: most processes never see one. */
async function requireRule({ name, runRule }: Action, input: JobInput & { owner: string }, configuration: string) {
  const { requireRunRule } = await import("./run-rule.ts");
  const { target = null, tags = [], owner } = input;
  requireRunRule(runRule!, name, { target, owner, tags, configuration: JSON.parse(configuration) });
}

type Said = { readonly actor: string; readonly ownerId: number | undefined; readonly reason: string | null };

function prepareJob(
  id: string,
  version: ActionVersion,
  schema: z.ZodType | undefined,
  input: JobInput,
  said: Said,
): { -readonly [Name in keyof NewJob]: NewJob[Name] } {
  const { definition } = version;
  const configuration = settleConfiguration(schema, definition.configuration, input.configuration);
  const job: { -readonly [Name in keyof NewJob]: NewJob[Name] } = { id, configuration };
  if (said.ownerId !== undefined) {
    job.ownerId = said.ownerId;
    job.actor = said.actor;
  }
  if (said.reason !== null) job.reason = storableText(said.reason, "reason", 2_000);
  if (input.priority !== undefined && input.priority !== definition.priority)
    job.rank = rankOf(checkPriority(input.priority));
  if (input.startAt !== undefined) job.startAt = checkInstant(input.startAt, "startAt");
  if (input.target !== undefined) job.target = checkTarget(input.target);
  const locks = locksOf(definition, input);
  if (locks.length > 0) {
    job.locks = JSON.stringify(locks);
    job.objectHash = objectHash(locks[0]!.key);
  }
  if (input.size !== undefined) job.size = checkSize(input.size);
  if (input.tags !== undefined && input.tags.length > 0) job.tags = checkTags(input.tags);
  if (input.variables !== undefined) job.variables = storableJson(input.variables, "variables");
  return Object.assign(job, keyOf(input));
}

/** By what a request is known when it is made again. */
export function keyOf(input: JobInput): Pick<NewJob, "idempotencyKey" | "requestHash"> {
  if (input.idempotencyKey === undefined) return {};
  return {
    idempotencyKey: storableText(input.idempotencyKey, "idempotencyKey", 200),
    requestHash: hashOf(input),
  };
}

export function rankOf(priority: PriorityName): number {
  return PRIORITIES.urgent - PRIORITIES[priority];
}

export function checkPriority(value: unknown): PriorityName {
  const priority = parsePriority(value);
  if (!priority)
    throw callsheetError(
      "invalid_argument",
      `"${String(value)}" is not a priority: ${Object.keys(PRIORITIES).join(", ")}.`,
      { field: "priority" },
    );
  return priority;
}

/** An instant that PostgreSQL and every reader can show; null passes. */
export function checkInstant<Value extends Date | null>(value: Value, field: string): Value {
  if (value === null) return value;
  const time = value instanceof Date ? value.getTime() : Number.NaN;
  if (!(time >= EARLIEST && time <= LATEST)) {
    throw callsheetError("invalid_argument", `${field} must be a date between the years 1970 and 9999, or null.`, {
      field,
    });
  }
  return value;
}

export function checkTarget(target: Target): Target {
  const parsed = targetSchema.safeParse(target);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = ["target", ...(issue?.path ?? [])].join(".");
    throw callsheetError("invalid_argument", `${field}: ${issue?.message}.`, { field: "target" });
  }
  storableText(parsed.data.type, "target.type", 100);
  storableText(parsed.data.id, "target.id", 200);
  return parsed.data;
}

function checkSize(size: number): number {
  if (typeof size === "number" && size >= 0 && Number.isFinite(size)) return size;
  throw callsheetError("invalid_argument", "size must be a number, 0 or more.", { field: "size" });
}

function checkTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags) || tags.length > 100)
    throw callsheetError("invalid_argument", "tags must be at most 100 texts.", { field: "tags" });
  return tags.map((tag) => storableText(tag, "tags", 100));
}

function hashOf(input: JobInput): string {
  const { idempotencyKey: _, ...request } = input;
  return createHash("sha256")
    .update(JSON.stringify(inOrder(request)))
    .digest("base64");
}

/** Rows in statements of bounded size; a chunk is the unit of atomicity of `createMany` outside a caller's transaction. */
export function chunks(jobs: readonly NewJob[]): readonly EncodedRows[] {
  const all: GrowingRows[] = [];
  for (const job of jobs) {
    let last = all.at(-1);
    if (!last || last.bytes > BATCH_BYTES || last.ids.length >= BATCH_ITEMS) {
      last = noRows();
      all.push(last);
    }
    addRow(last, job);
  }
  return all;
}

/**
 * Finds the first job of each idempotency key that was taken. Answers the ids in the order of `jobs`; fails with
 * `idempotency_conflict` when the first request under a key was another one.
 */
export async function resolveKeys(
  db: Statements,
  actionId: number,
  jobs: readonly NewJob[],
  created: ReadonlySet<string>,
): Promise<readonly string[]> {
  const missing = jobs.filter((job) => job.idempotencyKey !== undefined && !created.has(job.id));
  if (missing.length === 0) return jobs.map((job) => job.id);
  const found = await db.jobsByKey(
    actionId,
    missing.map((job) => job.idempotencyKey!),
  );
  const byKey = new Map(found.map((row) => [row.key, row]));
  return jobs.map((job) => {
    if (job.idempotencyKey === undefined || created.has(job.id)) return job.id;
    const first = byKey.get(job.idempotencyKey);
    if (first?.hash === job.requestHash) return first!.id;
    throw callsheetError("idempotency_conflict", `Key "${job.idempotencyKey}" was used for another request.`, {
      key: job.idempotencyKey,
      firstJobId: first?.id,
    });
  });
}
