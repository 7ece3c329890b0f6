export async function privateBinaries() {
  throw new Error("todo");
}
