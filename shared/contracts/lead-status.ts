import { z } from "zod";

/** The sales outcome. Fixed for ever: reporting stays comparable across a whole organization. */
export const LeadStatus = z.enum(["open", "won", "lost", "abandoned"]);
export type LeadStatus = z.infer<typeof LeadStatus>;

/** The state of the DM thread. Moved by message activity only, empty until the first message. */
export const ConversationStatus = z.enum(["new_message", "replied", "no_reply"]);
export type ConversationStatus = z.infer<typeof ConversationStatus>;
