import type { GivenRole, MemberDetails } from "@dmtracker/shared/contracts/members.ts";

/** What can be done with somebody in the list; most of it asks first. */
export type MemberActs = {
  changeRole(member: MemberDetails, role: GivenRole): void;
  reset(member: MemberDetails): void;
  transfer(member: MemberDetails): void;
  remove(member: MemberDetails): void;
};

/** What is being asked. */
export type MemberQuestion =
  | { kind: "remove" | "transfer"; member: MemberDetails }
  | { kind: "reset"; member: MemberDetails; link: string | null }
  | { kind: "leave" | "delete" };
