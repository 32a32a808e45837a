import { CommandError } from "./errors.ts";
import { Bin, type Value } from "./values.ts";

export const MAX_STAGE_BYTES = 100 * 1024 * 1024;

/** Stages that gather documents do so in memory: what does not fit is refused, as MongoDB does without a disk to use. */
export function requireMemory(bytes: number, stage: string): void {
  if (bytes <= MAX_STAGE_BYTES) return;
  throw new CommandError(
    292,
    `Exceeded memory limit of ${MAX_STAGE_BYTES} bytes for ${stage}, and this server has no external sort.`,
  );
}

/** About how much memory a decoded value takes. */
export function sizeOf(value: Value | undefined): number {
  if (typeof value === "string") return 24 + value.length;
  if (typeof value !== "object" || value === null) return 16;
  let size = 120;
  if (value instanceof Map) for (const [key, inner] of value) size += 40 + key.length + sizeOf(inner);
  else if (Array.isArray(value)) for (const inner of value) size += sizeOf(inner);
  else if (value instanceof Bin) size += value.bytes.length;
  return size;
}
