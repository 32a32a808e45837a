import { z } from "zod";
import { Id } from "./primitives.ts";

export const Role = z.enum(["owner", "admin", "member"]);
export type Role = z.infer<typeof Role>;

/** Who caused a change. The name is the one that was true at that moment, so history stays readable. */
export const Actor = z.object({
  type: z.enum(["user", "api", "automation", "system"]),
  /** User id, token id or rule id; null for the system itself. */
  id: z.string().nullable(),
  name: z.string(),
});
export type Actor = z.infer<typeof Actor>;

export const Member = z.object({ id: Id, name: z.string(), email: z.string(), role: Role });
export type Member = z.infer<typeof Member>;

export const Tag = z.object({ id: Id, name: z.string(), colour: z.string() });
export type Tag = z.infer<typeof Tag>;

/** The signed-in person as the web app sees them. */
export const Session = z.object({
  user: z.object({ id: Id, name: z.string(), email: z.string() }),
  organization: z.object({ id: Id, name: z.string(), timeZone: z.string() }),
  role: Role,
  /** Everywhere this person belongs, the open one among them. */
  organizations: z.array(z.object({ id: Id, name: z.string(), role: Role })),
});
export type Session = z.infer<typeof Session>;
