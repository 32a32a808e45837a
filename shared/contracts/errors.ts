import { z } from "zod";
import { ERROR_STATUS } from "./error-codes.ts";

export type ErrorCode = keyof typeof ERROR_STATUS;

export const Issue = z.object({ path: z.string(), message: z.string() });
export type Issue = z.infer<typeof Issue>;

export const ErrorBody = z.object({
  code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  issues: z.array(Issue),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
