import type { Session } from "@dmtracker/shared/contracts/people.ts";

/** An organization with more contacts has found its way, unless it is just being led. */
const MAX_CONTACTS = 5;

const keyOf = ({ user, organization }: Session): string => `first-steps:${organization.id}:${user.id}`;

/**
 * Whether the first steps are offered: to who can take them, until they said that they know. Who has begun goes on,
 * also after an import of thousands.
 */
export function offersFirstSteps(session: Session, contacts: number): boolean {
  if (session.role === "member") return false;
  const known = localStorage.getItem(keyOf(session));
  if (known !== null) return known === "begun";
  if (contacts > MAX_CONTACTS) return false;
  localStorage.setItem(keyOf(session), "begun");
  return true;
}

export function dismissFirstSteps(session: Session): void {
  localStorage.setItem(keyOf(session), "done");
}
