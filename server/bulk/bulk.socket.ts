import { createHash } from "node:crypto";
import { CancelBulkMessage, ChangeContactsMessage, UndoMessage } from "@dmtracker/shared/contracts/bulk.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import { changeContacts } from "#server/contacts/change-contacts.ts";
import { requireMembership } from "#server/organizations/require-membership.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { acked, type LiveSocket } from "#server/platform/sockets.ts";
import { undoChange } from "#server/reversal/undo-change.ts";
import { cancelBulk } from "./cancel-bulk.ts";

export function bulkSocket(app: AppContext, socket: LiveSocket): void {
  const { userId, name, organizationId } = socket.data;
  const actor: Actor = { type: "user", id: userId, name };
  const ownId = (mutationId: string): string => `user:${userId}:${mutationId}`;
  const mutationOf = (mutationId: string, call: unknown): Mutation => ({
    id: ownId(mutationId),
    fingerprint: createHash("sha256").update(JSON.stringify(call)).digest("hex"),
  });

  socket.on(
    "contacts:change",
    acked(ChangeContactsMessage, app.logger, async ({ mutationId, pipelineId, select, change }) => {
      const mutation = mutationOf(mutationId, [pipelineId, select, change]);
      const bulk = await changeContacts(app, { organizationId, pipelineId, select, change, actor, mutation });
      return { bulk };
    }),
  );

  socket.on(
    "change:undo",
    acked(UndoMessage, app.logger, async ({ mutationId, undoes }) => {
      const mutation = mutationOf(mutationId, ["undo", undoes]);
      return undoChange(app, { organizationId, actor, undoes: { mutationId: ownId(undoes) }, mutation });
    }),
  );

  socket.on(
    "bulk:cancel",
    acked(CancelBulkMessage, app.logger, async ({ bulkId }) => {
      const { role } = await requireMembership(app, socket.data);
      const isAdmin = may(role, "changes:reverse");
      return { bulk: await cancelBulk({ organizationId, actor, isAdmin }, bulkId) };
    }),
  );
}
