import type { ConversationStatus, LeadStatus } from "./lead-status.ts";

// Apart from the schemas, so that a page can show a label without loading a validator.

export const LEAD_STATUS_LABEL: Record<LeadStatus, string> = {
  open: "Open",
  won: "Won",
  lost: "Lost",
  abandoned: "Abandoned",
};

export const CONVERSATION_STATUS_LABEL: Record<ConversationStatus, string> = {
  new_message: "New Message",
  replied: "Replied",
  no_reply: "No Reply",
};
