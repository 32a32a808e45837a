import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import {
  FILE_VERSION,
  type FileCounts,
  type FileLineKind,
} from "@dmtracker/shared/contracts/organization-file.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { findHistories } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMembers, findOrganization } from "#server/organizations/member.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { findViews } from "#server/views/view.store.ts";
import { countEventsUpTo, countRemoved, readAllContacts, readEventsUpTo } from "./organization-file.store.ts";

type Heads = ReadonlyMap<string, number>;

const countStanding = ({ totals }: Pipeline): number =>
  Object.values(totals)
    .flatMap((stage) => Object.values(stage))
    .reduce((sum, { count }) => sum + count, 0);

/**
 * Contacts as of the heads that the file is about. The log does not change any more up to there; a contact that has
 * changed since is told as its events up to there make it, and who came later is left out.
 */
async function* contactsAt(organizationId: string, heads: Heads): AsyncGenerator<Contact> {
  for await (const page of readAllContacts(organizationId)) {
    const headOf = ({ pipelineId }: Contact): number => heads.get(pipelineId) ?? 0;
    const changed = page.filter((contact) => contact.seq > headOf(contact));
    const histories =
      changed.length === 0
        ? new Map()
        : await findHistories(
            changed.map(({ id }) => id),
            0,
          );
    for (const contact of page) {
      if (contact.seq <= headOf(contact)) {
        yield contact;
        continue;
      }
      const history = (histories.get(contact.id) ?? []) as Parameters<typeof applyToContact>[1][];
      const until = history.filter(({ seq }) => seq <= headOf(contact));
      const then = until.reduce<Contact | undefined>(applyToContact, undefined);
      if (then) yield then;
    }
  }
}

/**
 * Everything that an organization owns and that is no secret, line by line: it may have any size. Consistent as of
 * the numbers that its pipelines have in it.
 */
export async function* exportOrganization(app: AppContext, organizationId: string): AsyncGenerator<string> {
  const line = (kind: FileLineKind, value: object): string => `${JSON.stringify({ [kind]: value })}\n`;
  const pipelines = await findPipelines(organizationId);
  const heads = new Map(pipelines.map(({ id, seq }) => [id, seq]));
  const [organization, settings, members, tags, views] = await Promise.all([
    findOrganization(app.auth, organizationId),
    findSettings(organizationId),
    findMembers(app.auth, organizationId),
    findTags(organizationId),
    findViews({ organizationId, userId: null }, {}),
  ]);
  const expected = { events: 0, contacts: await countRemoved(organizationId) };
  for (const pipeline of pipelines) {
    expected.events += await countEventsUpTo(pipeline.id, pipeline.seq);
    expected.contacts += countStanding(pipeline);
  }
  const exportedAt = app.now().toISOString();
  const name = organization?.name ?? "";
  yield line("dmtracker", { version: FILE_VERSION, organization: name, exportedAt, expected });
  yield line("settings", settings);
  for (const member of members) yield line("member", member);
  for (const tag of tags) yield line("tag", tag);
  for (const { organizationId: _organizationId, totals: _totals, ...pipeline } of pipelines)
    yield line("pipeline", pipeline);
  for (const { organizationId: _organizationId, shared: _shared, ...view } of views) yield line("view", view);
  const counts: FileCounts = {
    members: members.length,
    tags: tags.length,
    pipelines: pipelines.length,
    views: views.length,
    events: 0,
    contacts: 0,
  };
  for (const { id, seq } of pipelines) {
    for await (const event of readEventsUpTo(id, seq)) {
      counts.events += 1;
      yield line("event", event);
    }
  }
  for await (const contact of contactsAt(organizationId, heads)) {
    counts.contacts += 1;
    yield line("contact", contact);
  }
  yield line("counts", counts);
}
