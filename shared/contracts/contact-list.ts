import { z } from "zod";
import { Contact } from "./contact.ts";
import { Total } from "./pipeline.ts";
import { Id } from "./primitives.ts";

/** One page of a filtered list. What was committed up to `seq` is in; what comes later is told by events. */
export const ContactListPage = z.object({
  contacts: z.array(Contact),
  /** Where the next page begins; null after the last one. */
  next: z.string().nullable(),
  /** All contacts that match, not only those of this page. */
  total: z.int(),
  total_value: z.number(),
  /** The same by stage; stages in which nobody matches are absent. */
  by_stage: z.record(Id, Total),
  seq: z.int(),
});
export type ContactListPage = z.infer<typeof ContactListPage>;
