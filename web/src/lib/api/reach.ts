import { ApiError } from "./client.ts";
import { loadSession } from "./session.ts";

/** Whether the server answers at all, whatever it says. */
export async function isServerThere(): Promise<boolean> {
  try {
    await loadSession();
    return true;
  } catch (problem) {
    return problem instanceof ApiError && problem.code !== "network" && problem.code !== "busy";
  }
}
