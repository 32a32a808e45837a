import { z } from "zod";

export const TagName = z.string().trim().min(1).max(40);
