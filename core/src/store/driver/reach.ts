import { isUnreachable, serverFailure } from "../failure.ts";
import type { ClientConfig } from "./client.ts";

/** Connects; where nobody answers, and the server is ours to bring back, once more when it is back. */
export async function reach<T>({ revive }: ClientConfig, connect: () => Promise<T>): Promise<T> {
  try {
    try {
      return await connect();
    } catch (error) {
      if (!revive || !isUnreachable(error)) throw error;
    }
    await revive();
    return await connect();
  } catch (error) {
    throw serverFailure(error);
  }
}
