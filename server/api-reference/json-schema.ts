import { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import { Actor, Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import { Pipeline, Rule, Stage, TimedRule } from "@dmtracker/shared/contracts/pipeline.ts";
import { SavedView } from "@dmtracker/shared/contracts/view.ts";
import { Webhook, WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

/** What is met in many answers stands once in the document, under its name. */
const NAMED = {
  Contact,
  PipelineEvent,
  ContactFilter,
  OrganizationSettings,
  Actor,
  Member,
  Tag,
  Pipeline,
  Rule,
  Stage,
  TimedRule,
  SavedView,
  Webhook,
  WebhookDelivery,
};
const names = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(NAMED)) names.add(schema, { id });

/** References within one schema become references within the document. */
function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string"
        ? inner.replace("#/$defs/", "#/components/schemas/")
        : relocate(inner),
    ]),
  );
}

/** Schemas of one document: each as JSON Schema, the named ones gathered in `components`. */
export class SchemaBook {
  readonly components: Record<string, JsonSchema> = {};
  readonly #strict: boolean;

  /** @param strict answers hold nothing but what is described: for checking ourselves. Clients must allow more. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  answer(schema: z.ZodType): JsonSchema {
    return this.#convert(schema, "output");
  }

  body(schema: z.ZodType): JsonSchema {
    return this.#convert(schema, "input");
  }

  /** One key of a query: what comes as text is described as what it is read as. */
  parameter(schema: z.ZodType): JsonSchema {
    const asSent = this.body(schema);
    return Object.keys(asSent).some((key) => key !== "default") ? asSent : this.answer(schema);
  }

  #convert(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    const strict = this.#strict;
    const {
      $schema: _dialect,
      $defs = {},
      ...rest
    } = z.toJSONSchema(z.object({ root: schema }), {
      io,
      metadata: names,
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        delete jsonSchema.id;
        if (io === "output" && !strict) delete jsonSchema.additionalProperties;
      },
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    if (io === "output") Object.assign(this.components, relocate($defs));
    const { root } = rest.properties as { root: JsonSchema };
    return (io === "output" ? relocate(root) : inline(root, $defs)) as JsonSchema;
  }
}

/** Bodies are read by other rules than answers: what they share with them stands in place. */
function inline(value: unknown, defs: Record<string, JsonSchema>): unknown {
  if (Array.isArray(value)) return value.map((each) => inline(each, defs));
  if (typeof value !== "object" || value === null) return value;
  const { $ref } = value as { $ref?: string };
  if ($ref) return inline(defs[$ref.replace("#/$defs/", "")] ?? {}, defs);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inline(inner, defs)]));
}
