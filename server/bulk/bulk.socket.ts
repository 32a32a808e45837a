import { createHash } from "node:crypto";
import { CancelBulkMessage, ChangeContactsMessage, UndoMessage } from "@dmtracker/shared/contracts/bulk.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import { changeContacts } from "#server/contacts/change-contacts.ts";
import { requireMembership } from "#server/organizations/require-membership.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import type { MessageDoors, SocketData } from "#server/platform/sockets.ts";
import { undoChange } from "#server/reversal/undo-change.ts";
import { cancelBulk } from "./cancel-bulk.ts";

const actorOf = ({ userId, name }: SocketData): Actor => ({ type: "user", id: userId, name });
const ownId = ({ userId }: SocketData, mutationId: string): string => `user:${userId}:${mutationId}`;
const mutationOf = (data: SocketData, mutationId: string, call: unknown): Mutation => ({
  id: ownId(data, mutationId),
  fingerprint: createHash("sha256").update(JSON.stringify(call)).digest("hex"),
});

export function bulkMessages(
  app: AppContext,
): Pick<MessageDoors, "contacts:change" | "change:undo" | "bulk:cancel"> {
  return {
    "contacts:change": {
      schema: ChangeContactsMessage,
      async run({ data }, { mutationId, pipelineId, select, change }) {
        const { organizationId } = data;
        const mutation = mutationOf(data, mutationId, [pipelineId, select, change]);
        const actor = actorOf(data);
        const bulk = await changeContacts(app, {
          organizationId,
          pipelineId,
          select,
          change,
          actor,
          mutation,
        });
        return { bulk };
      },
    },
    "change:undo": {
      schema: UndoMessage,
      async run({ data }, { mutationId, undoes }) {
        const { organizationId } = data;
        const mutation = mutationOf(data, mutationId, ["undo", undoes]);
        const undone = { mutationId: ownId(data, undoes) };
        return undoChange(app, { organizationId, actor: actorOf(data), undoes: undone, mutation });
      },
    },
    "bulk:cancel": {
      schema: CancelBulkMessage,
      async run({ data }, { bulkId }) {
        const { role } = await requireMembership(app, data);
        const isAdmin = may(role, "changes:reverse");
        const { organizationId } = data;
        return { bulk: await cancelBulk({ organizationId, actor: actorOf(data), isAdmin }, bulkId) };
      },
    },
  };
}
