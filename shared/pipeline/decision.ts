import type { Contact } from "../contracts/contact.ts";
import type { ErrorCode } from "../contracts/errors.ts";
import type { PipelineEvent, Undone } from "../contracts/event.ts";
import type { OrganizationSettings } from "../contracts/organization-settings.ts";
import type { Actor } from "../contracts/people.ts";
import type { Pipeline, Rule } from "../contracts/pipeline.ts";

/** Where a contact shall stand: directly below `after`, directly above `before`; neither means on top. */
export type Place = { after: string | null; before: string | null };

export type DecisionContext = {
  pipeline: Pick<Pipeline, "id" | "stages" | "rules">;
  /** Cadence and time zone of follow-ups. */
  settings: OrganizationSettings;
  actor: Actor;
  /** ISO 8601; time is an argument so that the same call always decides the same. */
  now: string;
  /** Number of the last event; those of this decision follow it. */
  head: number;
  batchId: string;
  /** Set when everything here takes something back. */
  undoes?: Undone;
  /** The rank for a place in a stage; the contact's own rank when it already stands there. */
  rankFor(stageId: string, place: Place | undefined, contact: Contact | undefined): string;
};

export type AppliedRule = { rule: Rule; description: string; changed: "stage" | "status" };

export type Decision = {
  ok: true;
  contact: Contact;
  /** In order, numbered from `head + 1`. Empty when everything already had the wanted value. */
  events: PipelineEvent[];
  changed: string[];
  automations: AppliedRule[];
};

export type Refusal = { ok: false; code: ErrorCode; path: string; message: string };
