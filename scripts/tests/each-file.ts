import { afterAll } from "vitest";
import { closeShared } from "./file-end.ts";

afterAll(closeShared);
