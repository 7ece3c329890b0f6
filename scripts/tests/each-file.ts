import { afterAll, vi } from "vitest";
import { closeShared } from "./file-end.ts";

afterAll(closeShared);
// The files of a worker share its environment.
afterAll(() => void vi.unstubAllEnvs());
