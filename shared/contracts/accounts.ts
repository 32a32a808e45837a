import { z } from "zod";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "./limits.ts";
import { Role } from "./people.ts";
import { Id } from "./primitives.ts";

export const PersonName = z.string().trim().min(1, "write your name").max(80);
export const OrganizationName = z.string().trim().min(1, "write a name").max(80);
export const AccountEmail = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email("must be an e-mail address"));
export const NewPassword = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(MAX_PASSWORD_LENGTH, `must have at most ${MAX_PASSWORD_LENGTH} characters`);
/** A password to be compared: only its size is nobody's secret. */
export const Password = z.string().min(1, "write your password").max(MAX_PASSWORD_LENGTH);
const LinkToken = z.string().min(1).max(600);

/** `POST /sign-up`: with mail set up the address comes from the link that was sent to it. */
export const SignUpBody = z.strictObject({
  name: PersonName,
  organization_name: OrganizationName,
  password: NewPassword,
  email: AccountEmail.optional(),
  token: LinkToken.optional(),
});
export type SignUpBody = z.infer<typeof SignUpBody>;

export const EmailBody = z.strictObject({ email: AccountEmail });
export const TokenBody = z.strictObject({ token: LinkToken });
export const ResetPasswordBody = z.strictObject({ token: LinkToken, password: NewPassword });
export const ChangePasswordBody = z.strictObject({ password: Password, new_password: NewPassword });
export const PatchAccountBody = z.strictObject({ name: PersonName });
export const SessionIdParam = z.object({ sessionId: Id });

/** `GET /sign-up`: what somebody without an account can do here. */
export const SignUpState = z.object({
  /** Whether a new organization can be made without an invitation. */
  open: z.boolean(),
  /** Nobody is here yet: who signs up now is the first. */
  first: z.boolean(),
  /** Links come by mail. */
  mail: z.boolean(),
});
export type SignUpState = z.infer<typeof SignUpState>;

export const OwnOrganization = z.object({ id: Id, name: z.string(), role: Role });
export type OwnOrganization = z.infer<typeof OwnOrganization>;

/** `GET /account` */
export const Account = z.object({
  user: z.object({ id: Id, name: z.string(), email: z.string() }),
  organizations: z.array(OwnOrganization),
  /** Whether this person may make another organization. */
  mayCreate: z.boolean(),
});
export type Account = z.infer<typeof Account>;

export const AccountSession = z.object({
  id: Id,
  current: z.boolean(),
  createdAt: z.iso.datetime(),
  /** At most a day behind. */
  usedAt: z.iso.datetime(),
  address: z.string().nullable(),
  browser: z.string().nullable(),
});
export type AccountSession = z.infer<typeof AccountSession>;
