import { existsSync, renameSync, rmSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Context, Reply } from "./context.ts";
import { CommandError, badValue } from "./errors.ts";

/** Writes a whole copy of all databases into a file that does not exist yet. A half-written one has another name. */
export async function backup({ engine, body, database }: Context): Promise<Reply> {
  const to = body.get("to");
  if (database !== "admin") throw new CommandError(13, "backup may only be run against the admin database.");
  if (typeof to !== "string" || !isAbsolute(to)) throw badValue("backup: 'to' must be an absolute path");
  if (existsSync(to)) throw badValue(`backup: ${to} exists already`);
  const partial = `${to}.part`;
  try {
    await engine.store.copyTo(partial);
    renameSync(partial, to);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new CommandError(1, `the backup could not be written: ${(error as Error).message}`);
  }
  return { to };
}
