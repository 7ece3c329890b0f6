/**
 * The bin directory of Callsheet's own PostgreSQL, copied to its cache and proved as the library does it.
 * @param {{uid?: number, gid?: number}} user who will run the server; empty for ourselves
 */
export async function privateBinaries(user) {
  const { findBinaries } = await import("@callsheet/postgres").catch((cause) => {
    throw new Error("--postgres private needs @callsheet/postgres: npm ci and npm run build first", { cause });
  });
  const { uid, gid } = user;
  const runAs = uid === undefined ? undefined : { name: String(uid), uid, gid, switch: { uid, gid } };
  const found = await findBinaries({ env: process.env, user: runAs });
  return found.bin;
}
