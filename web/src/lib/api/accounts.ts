import type {
  Account,
  AccountSession,
  SignUpBody,
  SignUpState,
} from "@dmtracker/shared/contracts/accounts.ts";
import type { AcceptInvitationBody, InvitationLetter } from "@dmtracker/shared/contracts/members.ts";
import { request } from "./client.ts";

const post = <T>(path: string, body: unknown = {}) => request<T>(path, { method: "POST", body });

export const loadSignUp = () => request<SignUpState>("/sign-up");
export const signUp = (body: SignUpBody) => post("/sign-up", body);
export const sendSignUpLink = (email: string) => post("/sign-up/link", { email });
export const sendResetLink = (email: string) => post("/password-reset/link", { email });
export const resetPassword = (token: string, password: string) =>
  post("/password-reset", { token, password });
export const readInvitation = (token: string) => post<InvitationLetter>("/invitations/read", { token });
export const acceptInvitation = (body: AcceptInvitationBody) => post("/invitations/accept", body);

export const loadAccount = () => request<Account>("/account");
export const saveName = (name: string) => request("/account", { method: "PATCH", body: { name } });
export const changePassword = (password: string, next: string) =>
  post("/account/password", { password, new_password: next });

export async function loadSessions(): Promise<AccountSession[]> {
  return (await request<{ sessions: AccountSession[] }>("/account/sessions")).sessions;
}
export const endSession = (id: string) => request(`/account/sessions/${id}`, { method: "DELETE" });
export const signOutEverywhere = () => request("/account/sessions", { method: "DELETE" });

export const createOrganization = (name: string) => post("/organizations", { name });
export const openOrganization = (id: string) => post(`/organizations/${id}/open`);
