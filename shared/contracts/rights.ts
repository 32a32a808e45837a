import type { Role } from "./people.ts";

// Without schemas, so that a page can ask what somebody may do without loading a validator.

/** Who may ask for something: a person by their role, or a program by a token of the organization. */
export type Asker = Role | "token";

const ALL: readonly Asker[] = ["owner", "admin", "member", "token"];
const PEOPLE: readonly Asker[] = ["owner", "admin", "member"];
const ADMINS: readonly Asker[] = ["owner", "admin"];
const OWNER: readonly Asker[] = ["owner"];

/** The one table of rights: server and pages look here and nowhere else. */
export const RIGHTS = {
  /** The page's own start: who am I, and where. */
  "session:read": PEOPLE,
  "contacts:read": ALL,
  "contacts:write": ALL,
  /** Pipelines, stages, rules, tags, people and settings, to look at. */
  "organization:read": ALL,
  /** Saved views are somebody's own; which of them others may change is decided with the view. */
  "views:write": PEOPLE,
  /** Stages, rules, tags, lost reasons, cadence. */
  "pipeline:configure": ADMINS,
  "organization:configure": ADMINS,
  /** Invite, remove, change roles. */
  "members:manage": ADMINS,
  "tokens:manage": ADMINS,
  "webhooks:manage": ADMINS,
  /** Reversing everything that one rule, token or bulk action did. */
  "changes:reverse": ADMINS,
  "ownership:transfer": OWNER,
  "organization:delete": OWNER,
  /** The owner stays until somebody else is owner. */
  "organization:leave": ["admin", "member"],
} as const satisfies Record<string, readonly Asker[]>;

export type Right = keyof typeof RIGHTS;

export function may(asker: Asker, right: Right): boolean {
  return (RIGHTS[right] as readonly Asker[]).includes(asker);
}

const NAMES: Record<Asker, string> = {
  owner: "the owner",
  admin: "an admin",
  member: "a member",
  token: "an API token",
};

/** "Only the owner or an admin may do this" */
export function describeRight(right: Right): string {
  return `Only ${RIGHTS[right].map((asker) => NAMES[asker]).join(" or ")} may do this`;
}
