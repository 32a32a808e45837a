import {
  BoardSnapshot,
  BoardThen,
  ColumnPageAt,
  ContactsAt,
  Directory,
} from "@dmtracker/shared/contracts/board.ts";
import { Moves, MovesQuery } from "@dmtracker/shared/contracts/moves.ts";
import {
  CountedTag,
  DeleteStageQuery,
  MergeTag,
  NewLostReason,
  NewTag,
  OrganizationSettingsAnswer,
  PatchLostReason,
  PatchOrganizationSettings,
  PipelineBody,
  TagChange,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import { ListedReason } from "@dmtracker/shared/contracts/organization-settings.ts";
import { Tag } from "@dmtracker/shared/contracts/people.ts";
import {
  NewRule,
  NewStage,
  NewTimedRule,
  Rule,
  RuleChange,
  Stage,
  StageChange,
  TimedRule,
  TimedRuleChange,
} from "@dmtracker/shared/contracts/pipeline.ts";
import { Id } from "@dmtracker/shared/contracts/primitives.ts";
import { BoardQuery, ColumnPageQuery, ContactsQuery } from "@dmtracker/shared/contracts/queries.ts";
import { PreviewRule, PreviewTimedRule, RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { z } from "zod";
import { CREATED, EXAMPLE_IDS, type Descriptions } from "./description.ts";

const Summary = z.object({ id: Id, name: z.string(), stages: z.array(Stage), seq: z.int() });
const RemovedTag = z.object({ tag: Tag, contacts: z.int() });
const { stageId, otherStageId, otherTagId } = EXAMPLE_IDS;

/** Pipelines with their stages and rules, tags, and the settings of the organization. */
export const PIPELINE_ENDPOINTS: Descriptions = {
  "GET /pipelines": {
    chapter: "Pipelines",
    summary: "Pipelines with their ordered stages",
    text: "`seq` is the head of the pipeline's log.",
    data: z.object({ pipelines: z.array(Summary) }),
  },
  "POST /pipelines": {
    chapter: "Pipelines",
    summary: "Add a pipeline",
    body: PipelineBody,
    data: z.object({ pipeline: Summary }),
    statuses: CREATED,
    example: { body: { name: "Coaching" } },
  },
  "PATCH /pipelines/:pipelineId": {
    chapter: "Pipelines",
    summary: "Rename a pipeline",
    body: PipelineBody,
    data: z.object({ pipeline: z.object({ id: Id, name: z.string() }) }),
    example: { body: { name: "Main" } },
  },
  "GET /pipelines/:pipelineId/board": {
    chapter: "Pipelines",
    summary: "The board: top of every column, true totals",
    text: "With `at` the board as it was at that moment, as far back as the log is whole (30 days): stages, names and totals of then. `at` goes without a filter.",
    query: BoardQuery,
    filtered: true,
    data: z.union([BoardSnapshot, BoardThen]),
    example: { query: { status: "open,won" } },
  },
  "GET /pipelines/:pipelineId/moves": {
    chapter: "Pipelines",
    summary: "What stands differently than it stood at a moment",
    text: "Without `since` from the start of yesterday, where the organization is. Counted for everybody, by person and by stage; `figure`, `member` and `stage` list the contacts behind one number.",
    query: MovesQuery,
    data: Moves,
    example: { query: { figure: "won" } },
  },
  "GET /pipelines/:pipelineId/contacts": {
    chapter: "Pipelines",
    summary: "Contacts of a pipeline by id",
    query: ContactsQuery,
    data: ContactsAt,
    example: { query: { ids: EXAMPLE_IDS.contactId } },
  },
  "GET /pipelines/:pipelineId/stages/:stageId/contacts": {
    chapter: "Pipelines",
    summary: "A column, continued",
    query: ColumnPageQuery,
    filtered: true,
    data: ColumnPageAt,
    example: { query: { limit: "10" } },
  },
  "POST /pipelines/:pipelineId/stages": {
    chapter: "Pipelines",
    summary: "Add a stage, at the end",
    body: NewStage,
    data: z.object({ stage: Stage }),
    statuses: CREATED,
    example: { body: { name: "Contract sent" } },
  },
  "PATCH /pipelines/:pipelineId/stages/:stageId": {
    chapter: "Pipelines",
    summary: "Rename, recolour or move a stage",
    body: StageChange,
    data: z.object({ stage: Stage }),
    example: { body: { name: "Very interested", after: null } },
  },
  "DELETE /pipelines/:pipelineId/stages/:stageId": {
    chapter: "Pipelines",
    summary: "Delete a stage",
    text: "Its contacts move to `move_to` in the same commit. Rules that name it are switched off.",
    query: DeleteStageQuery,
    data: z.object({ stage: Stage, moved: z.int(), rules_switched_off: z.array(Rule) }),
    example: { query: { move_to: otherStageId } },
  },
  "GET /pipelines/:pipelineId/rules": {
    chapter: "Automations",
    summary: "Automation rules",
    data: z.object({ rules: z.array(Rule) }),
  },
  "POST /pipelines/:pipelineId/rules": {
    chapter: "Automations",
    summary: "Add a rule",
    body: NewRule,
    data: z.object({ rule: Rule }),
    statuses: CREATED,
    example: { body: { type: "status_to_stage", status: "lost", stageId: otherStageId } },
  },
  "POST /pipelines/:pipelineId/rules/preview": {
    chapter: "Automations",
    summary: "What a rule would have done to the last seven days",
    body: PreviewRule,
    data: RulePreview,
    example: { body: { type: "stage_to_status", stageId, status: "won" } },
  },
  "PATCH /pipelines/:pipelineId/rules/:ruleId": {
    chapter: "Automations",
    summary: "Change a rule, switch it on or off",
    body: RuleChange,
    data: z.object({ rule: Rule }),
    example: { body: { enabled: false } },
  },
  "DELETE /pipelines/:pipelineId/rules/:ruleId": {
    chapter: "Automations",
    summary: "Delete a rule",
    data: z.object({ rule: Rule }),
  },
  "GET /pipelines/:pipelineId/timed-rules": {
    chapter: "Automations",
    summary: "Rules that wait for time",
    data: z.object({ timed_rules: z.array(TimedRule) }),
  },
  "POST /pipelines/:pipelineId/timed-rules": {
    chapter: "Automations",
    summary: "Add a rule that waits for time",
    body: NewTimedRule,
    data: z.object({ timed_rule: TimedRule }),
    statuses: CREATED,
    example: { body: { act: "abandon", days: 60 } },
  },
  "POST /pipelines/:pipelineId/timed-rules/preview": {
    chapter: "Automations",
    summary: "Whom it would change now",
    body: PreviewTimedRule,
    data: RulePreview,
    example: { body: { act: "abandon", days: 30 } },
  },
  "PATCH /pipelines/:pipelineId/timed-rules/:timedRuleId": {
    chapter: "Automations",
    summary: "Change a rule that waits for time",
    body: TimedRuleChange,
    data: z.object({ timed_rule: TimedRule }),
    example: { body: { days: 45 } },
  },
  "DELETE /pipelines/:pipelineId/timed-rules/:timedRuleId": {
    chapter: "Automations",
    summary: "Delete a rule that waits for time",
    data: z.object({ timed_rule: TimedRule }),
  },
  "GET /tags": {
    chapter: "Tags",
    summary: "Tags, with how many contacts carry them",
    data: z.object({ tags: z.array(CountedTag) }),
  },
  "POST /tags": {
    chapter: "Tags",
    summary: "Add a tag",
    body: NewTag,
    data: z.object({ tag: Tag }),
    statuses: CREATED,
    example: { body: { name: "Webinar" } },
  },
  "PATCH /tags/:tagId": {
    chapter: "Tags",
    summary: "Rename or recolour a tag",
    body: TagChange,
    data: z.object({ tag: Tag }),
    example: { body: { name: "Very warm" } },
  },
  "POST /tags/:tagId/merge": {
    chapter: "Tags",
    summary: "Merge a tag into another one",
    body: MergeTag,
    data: RemovedTag,
    example: { body: { into: otherTagId } },
  },
  "DELETE /tags/:tagId": { chapter: "Tags", summary: "Delete a tag", data: RemovedTag },
  "GET /directory": {
    chapter: "Organization",
    summary: "Members, tags and settings",
    data: Directory,
  },
  "GET /organization/settings": {
    chapter: "Organization",
    summary: "Settings",
    data: OrganizationSettingsAnswer,
  },
  "PATCH /organization/settings": {
    chapter: "Organization",
    summary: "Change settings",
    body: PatchOrganizationSettings,
    data: OrganizationSettingsAnswer,
    example: { body: { time_zone: "Europe/Berlin", cadence: [1, 3, 7] } },
  },
  "POST /organization/lost-reasons": {
    chapter: "Organization",
    summary: "Add a lost reason",
    body: NewLostReason,
    data: z.object({ lost_reason: ListedReason }),
    statuses: CREATED,
    example: { body: { name: "Went with a friend" } },
  },
  "PATCH /organization/lost-reasons/:reasonId": {
    chapter: "Organization",
    summary: "Rename or move a lost reason",
    body: PatchLostReason,
    data: z.object({ lost_reason: ListedReason }),
    example: { body: { name: "Too expensive for now" } },
  },
  "DELETE /organization/lost-reasons/:reasonId": {
    chapter: "Organization",
    summary: "Delete a lost reason",
    data: z.object({ lost_reason: ListedReason }),
  },
};
