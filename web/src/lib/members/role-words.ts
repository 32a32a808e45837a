import type { GivenRole } from "@dmtracker/shared/contracts/members.ts";

export const ROLES: readonly { value: GivenRole; label: string }[] = [
  { value: "member", label: "Member" },
  { value: "admin", label: "Admin" },
];
