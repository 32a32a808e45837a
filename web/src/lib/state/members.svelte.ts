import type { GivenRole, Invitation, MemberDetails } from "@dmtracker/shared/contracts/members.ts";
import * as api from "#lib/api/members.ts";

/** Who belongs to the organization and who is invited, as the settings page shows it. */
export class Members {
  list = $state.raw<MemberDetails[]>();
  invitations = $state.raw<Invitation[]>([]);
  problem = $state<string>();
  #asked = 0;

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const { members, invitations } = await api.loadMembers();
      // An answer that was asked for earlier must not overwrite a later one.
      if (asked !== this.#asked) return;
      this.list = members;
      this.invitations = invitations;
      this.problem = undefined;
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  async invite(email: string, role: GivenRole): Promise<Invitation> {
    const invitation = await api.inviteMember(email, role);
    await this.load();
    return invitation;
  }

  async revoke(invitationId: string): Promise<void> {
    await api.revokeInvitation(invitationId);
    await this.load();
  }

  async changeRole(userId: string, role: GivenRole): Promise<void> {
    await api.changeRole(userId, role);
    await this.load();
  }

  async remove(userId: string): Promise<void> {
    await api.removeMember(userId);
    await this.load();
  }
}
