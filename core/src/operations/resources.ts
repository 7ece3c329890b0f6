import {
  type Authority,
  callsheetError,
  capacityAt,
  effectiveCapacity,
  isStale,
  LONGEST_NODE_NAME,
  nameSchema,
  type Resource,
  type ResourceDetails,
  type ResourceInput,
  type ResourcePlace,
  type ResourceScope,
  type ResourceState,
  resourceSchema,
} from "@callsheet/contract";
import type { NeedyLane, Pool, PoolDefinition } from "../store/pools.ts";
import type { Statements } from "../store/store.ts";
import { storableJson, storableText } from "./configuration.ts";
import { inOrder } from "./in-order.ts";
import { alone, type Desk } from "./operate.ts";
import { isImpossible, mayServe, mostOf } from "./possible.ts";

/** Due jobs that wait for a resource are counted up to this. */
const MOST_WAITING = 10_000;

/** Which pool is meant. */
interface Named {
  readonly name: string;
  readonly scope: string;
}

/** Creates a resource, or changes it; the same again changes nothing. Its state and its use stay. */
export async function putResource(desk: Desk, name: string, input: ResourceInput): Promise<Resource> {
  const { site, node, capacity, ...rest } = readDefinition(input);
  const named = readNamed(name, { site, node });
  await change(desk, async (tx) => {
    const known = await tx.lockPool(named.name, named.scope);
    if (known && isSame(known, { ...named, ...rest, base: capacity })) return;
    const now = await tx.databaseNow();
    await tx.putPool({ ...named, ...rest, base: capacity, capacity: capacityAt(capacity, rest.windows, now) });
  });
  return getResource(desk, name, { site, node });
}

/** Gives a resource another capacity, outside its windows. What runs keeps what it has. */
export async function setCapacity(desk: Desk, name: string, capacity: number, place: ResourcePlace): Promise<Resource> {
  const { capacity: base } = readDefinition({ capacity });
  const named = readNamed(name, place);
  await change(desk, async (tx) => {
    const known = await locked(tx, named);
    const now = await tx.databaseNow();
    await tx.putPool({ ...known, base, capacity: capacityAt(base, known.windows, now) });
  });
  return getResource(desk, name, place);
}

/** Starts, stops or drains a resource: when it has answered, no job that needs it starts unless it is started. */
export async function setState(
  desk: Desk,
  name: string,
  state: ResourceState,
  place: ResourcePlace,
  authority: Authority,
): Promise<Resource> {
  const named = readNamed(name, place);
  const { actor, reason = null } = authority;
  await change(desk, async (tx) => {
    const { id, state: before } = await locked(tx, named);
    if (before !== state) await tx.setPoolState(id, { state, actor, reason });
  });
  return getResource(desk, name, place);
}

/** Keeps what the outside says is left of a resource; what is started after it counts. */
export async function reportResource(desk: Desk, name: string, left: number, place: ResourcePlace): Promise<void> {
  const named = readNamed(name, place);
  const { capacity: units } = readDefinition({ capacity: left }, "left");
  if (await desk.store.reportOutside(named.name, named.scope, units)) return desk.announce({ kind: "everything" });
  await locked(desk.store, named);
  const message = `Nobody outside has a say in resource "${name}".`;
  throw callsheetError("invalid_argument", `${message} Put it with the field external.`, { field: "external" });
}

/** Removes a resource that no job holds units of, and no waiting job needs. Fails with `resource_in_use`. */
export async function removeResource(desk: Desk, name: string, place: ResourcePlace): Promise<void> {
  const named = readNamed(name, place);
  await change(desk, async (tx) => {
    const pool = await locked(tx, named);
    if (pool.used > 0) throw inUse(named, `Jobs hold ${pool.used} units of it`, { used: pool.used });
    const others = (await tx.readResources()).filter(({ id }) => id !== pool.id);
    const left = (await tx.needyLanes()).filter((lane) => mayServe(pool, lane) && isImpossible(lane, others));
    const waiting = await tx.countUnstarted(left.map(({ id }) => id));
    const jobs = [...waiting.values()].reduce((sum, count) => sum + count, 0);
    if (jobs > 0) {
      const actions = [...new Set(left.filter(({ id }) => waiting.has(id)).map(({ action }) => action))];
      throw inUse(named, `${jobs} waiting ${jobs === 1 ? "job needs" : "jobs need"} it`, { jobs, actions });
    }
    await tx.removePool(pool.id);
  });
}

/** Every resource, by name and place. */
export async function listResources({ store }: Desk): Promise<readonly Resource[]> {
  const around = await look(store);
  return around.pools.map((pool) => toResource(pool, around));
}

/** A resource with who holds it; fails with `unknown_resource`. */
export async function getResource({ store }: Desk, name: string, place: ResourcePlace = {}): Promise<ResourceDetails> {
  const named = readNamed(name, place);
  const around = await look(store);
  const pool = around.pools.find((one) => one.name === named.name && one.scope === named.scope);
  if (!pool) throw unknownResource(named);
  const lanes = around.lanes.filter((lane) => mayServe(pool, lane)).map(({ id }) => id);
  const [holders, waiting] = await Promise.all([store.holdersOf(pool.id), store.countDue(lanes, MOST_WAITING)]);
  return { ...toResource(pool, around), holders, waiting };
}

/** All resources, and who may wait for them. */
interface Surroundings {
  readonly pools: readonly Pool[];
  readonly lanes: readonly NeedyLane[];
  /** Of lanes whose jobs can never start: how many there are. */
  readonly lost: ReadonlyMap<number, number>;
  readonly now: Date;
}

async function look(store: Statements): Promise<Surroundings> {
  const [pools, lanes, now] = await Promise.all([store.readResources(), store.needyLanes(), store.databaseNow()]);
  const lost = await store.countUnstarted(lanes.filter((lane) => isImpossible(lane, pools)).map(({ id }) => id));
  return { pools, lanes, lost, now };
}

function toResource(pool: Pool, around: Surroundings): Resource {
  const { now } = around;
  const { name, description, tags, reason, actor, base, used, windows, external, externalTotal, externalAt } = pool;
  const { heldFor, heldUnits, heldUntil } = pool;
  return {
    ...{ name, ...placeOf(pool.scope), description, tags, reason, actor, used, windows, external },
    state: pool.state === "draining" && used === 0 ? "stopped" : pool.state,
    capacity: base,
    effectiveCapacity: effectiveCapacity(pool, now),
    outside:
      externalTotal === null || externalAt === null
        ? null
        : { total: externalTotal, at: externalAt, isStale: isStale(pool, now) },
    reserved: heldFor === null ? null : { jobId: heldFor, units: heldUnits, until: heldUntil },
    neverStart: neverStarting(pool, around),
  };
}

/** Lanes that ask this pool for more than there ever is, with the jobs that wait there in vain. */
function neverStarting(pool: Pool, { pools, lanes, lost }: Surroundings): Resource["neverStart"] {
  return lanes.flatMap((lane) => {
    const { id, action, site, queue, units } = lane;
    const asked = Object.entries(units).filter(
      ([need, wanted]) =>
        mayServe(pool, { site, units: { [need]: wanted } }) && wanted > (mostOf(need, site, pools) ?? 0),
    );
    const jobs = lost.get(id) ?? 0;
    return jobs === 0 ? [] : asked.map(([_, wanted]) => ({ action, site, queue, units: wanted, jobs }));
  });
}

/** Changes a pool while no claim is under way, and tells nodes of it. */
async function change(desk: Desk, act: (tx: Statements) => Promise<void>): Promise<void> {
  await alone(desk, act);
  desk.catalogue.forgetResources();
  desk.announce({ kind: "everything" });
}

async function locked(tx: Statements, named: Named): Promise<Pool> {
  const pool = await tx.lockPool(named.name, named.scope);
  if (pool) return pool;
  throw unknownResource(named);
}

function readDefinition(input: ResourceInput, field?: string) {
  const parsed = resourceSchema.safeParse(input);
  if (parsed.success) {
    storableJson(parsed.data, "resource");
    return parsed.data;
  }
  const problems = parsed.error.issues.map(({ path, message }) => ({
    field: field ?? path.join("."),
    problem: message,
  }));
  const list = problems.map((one) => (one.field ? `${one.field}: ${one.problem}` : one.problem)).join("; ");
  throw callsheetError("invalid_argument", `The resource cannot be used: ${list}.`, { problems });
}

function readNamed(name: string, place: ResourcePlace): Named {
  const parsed = nameSchema.safeParse(name);
  if (!parsed.success)
    throw callsheetError("invalid_argument", `name: ${parsed.error.issues[0]?.message}.`, { field: "name" });
  const { site, node } = Object(place) as ResourcePlace;
  if (site !== undefined && node !== undefined)
    throw callsheetError("invalid_argument", "A resource of a node is not one of a site.", { field: "node" });
  if (site !== undefined) return { name, scope: `site/${storableText(site, "site", 100)}` };
  return { name, scope: node === undefined ? "cluster" : `node/${storableText(node, "node", LONGEST_NODE_NAME)}` };
}

function placeOf(scope: string): { readonly scope: ResourceScope; readonly place: string | null } {
  const slash = scope.indexOf("/");
  if (slash < 0) return { scope: "cluster", place: null };
  return { scope: scope.slice(0, slash) as ResourceScope, place: scope.slice(slash + 1) };
}

function isSame(known: Pool, said: Omit<PoolDefinition, "capacity">): boolean {
  const { base, description, tags, windows, external } = known;
  const text = (one: object) => JSON.stringify(inOrder(one));
  const { name: _name, scope: _scope, ...definition } = said;
  return text({ base, description, tags, windows, external }) === text(definition);
}

function whole({ name, scope }: Named): string {
  const { scope: kind, place } = placeOf(scope);
  return place === null ? `"${name}"` : `"${name}" of ${kind} "${place}"`;
}

const unknownResource = (named: Named) =>
  callsheetError("unknown_resource", `There is no resource ${whole(named)}.`, {
    resource: named.name,
    ...placeOf(named.scope),
  });
const inUse = (named: Named, why: string, details: Readonly<Record<string, unknown>>) =>
  callsheetError("resource_in_use", `Resource ${whole(named)} cannot be removed: ${why}.`, {
    resource: named.name,
    ...details,
  });
