import type { Session } from "@dmtracker/shared/contracts/people.ts";

/** An organization with more contacts has found its way. */
const MAX_CONTACTS = 5;

const keyOf = ({ user, organization }: Session): string => `first-steps:${organization.id}:${user.id}`;

/** Whether the first steps are offered: to who can take them, until they said that they know. */
export function offersFirstSteps(session: Session, contacts: number): boolean {
  return (
    session.role !== "member" && contacts <= MAX_CONTACTS && localStorage.getItem(keyOf(session)) === null
  );
}

export function dismissFirstSteps(session: Session): void {
  localStorage.setItem(keyOf(session), "done");
}
