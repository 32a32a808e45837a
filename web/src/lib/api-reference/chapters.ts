import type { ApiDocument, JsonSchema, Operation } from "#lib/api/reference.ts";

export type Endpoint = { method: string; path: string; operation: Operation };
export type Chapter = { name: string; id: string; endpoints: Endpoint[] };

export const chapterId = (name: string): string => name.toLowerCase().replace(/\W+/g, "-");

/** The endpoints by chapter, in the order of the document. `query`: each of its words is in path or summary. */
export function chaptersOf({ tags, paths }: ApiDocument, query = ""): Chapter[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const endpoints = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
  const isWanted = ({ method, path, operation }: Endpoint): boolean => {
    const text = `${method} ${path} ${operation.summary}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return tags
    .map(({ name }) => ({
      name,
      id: chapterId(name),
      endpoints: endpoints.filter((each) => each.operation.tags[0] === name && isWanted(each)),
    }))
    .filter((chapter) => chapter.endpoints.length > 0);
}

/** The call as one types it, with the example's values in place. */
export function curlOf(serverUrl: string, { method, path, operation }: Endpoint): string {
  const { parameters, requestBody, security } = operation;
  const filled = parameters
    .filter((parameter) => parameter.in === "path")
    .reduce((text, { name, example }) => text.replace(`{${name}}`, String(example)), path);
  const query = parameters
    .filter((parameter) => parameter.in === "query" && parameter.example !== undefined)
    .map(({ name, example }) => `${name}=${String(example)}`)
    .join("&");
  const takesToken = security.some((way) => "token" in way);
  const example = requestBody?.content?.["application/json"].example;
  return [
    `curl${method === "GET" ? "" : ` -X ${method}`} "${serverUrl}${filled}${query && `?${query}`}"`,
    ...(takesToken ? ['-H "x-org-auth-token: $TOKEN"'] : []),
    ...(example === undefined
      ? []
      : ['-H "content-type: application/json"', `-d '${JSON.stringify(example)}'`]),
  ].join(" \\\n  ");
}

const refName = (ref: string): string => ref.split("/").at(-1) ?? "";

function limitsOf({ minimum, maximum, minLength, maxLength, maxItems }: JsonSchema): string {
  const isWhole = (limit: number | undefined): limit is number =>
    limit !== undefined && Math.abs(limit) < 2 ** 53 - 1;
  const parts = [
    isWhole(minimum) && `from ${minimum}`,
    isWhole(maximum) && `to ${maximum}`,
    minLength !== undefined && minLength > 1 && `at least ${minLength} characters`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    maxItems !== undefined && `at most ${maxItems}`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? `, ${parts.join(" ")}` : "";
}

/** A type in a few words: "text, at most 40 characters", "list of Contact", "open | won". */
export function typeWords(schema: JsonSchema): string {
  if (schema.$ref) return refName(schema.$ref);
  if (schema.enum) return schema.enum.map(String).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(typeWords))].join(" | ");
  if (schema.type === "array")
    return `list of ${schema.items ? typeWords(schema.items) : "anything"}${limitsOf(schema)}`;
  if (schema.pattern === "^[0-9a-f]{24}$") return "id";
  if (schema.format === "date-time") return "moment, ISO 8601";
  if (schema.type === "string") return `text${limitsOf(schema)}`;
  if (schema.type === "integer") return `whole number${limitsOf(schema)}`;
  if (schema.type === "number") return `number${limitsOf(schema)}`;
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "null") return "null";
  return schema.type === "object" ? "object" : "anything";
}

export type Field = { name: string; words: string; required: boolean; depth: number };

const DEEPEST = 4;

/** Choices share fields: each is told once. */
function withoutRepeats(fields: Field[]): Field[] {
  const keyOf = ({ name, depth }: Field) => `${depth} ${name}`;
  return [...new Map(fields.map((field) => [keyOf(field), field])).values()];
}

/** The fields of a schema as rows, those inside others indented; what has a name of its own is looked up once. */
export function fieldsOf(
  schema: JsonSchema,
  named: Record<string, JsonSchema>,
  { depth = 0, seen = [] as readonly string[] } = {},
): Field[] {
  if (schema.$ref) {
    const name = refName(schema.$ref);
    const target = named[name];
    return target && !seen.includes(name) ? fieldsOf(target, named, { depth, seen: [...seen, name] }) : [];
  }
  if (schema.type === "array" && schema.items) return fieldsOf(schema.items, named, { depth, seen });
  const choices = (schema.anyOf ?? schema.oneOf)?.filter(({ type }) => type !== "null");
  if (choices) return withoutRepeats(choices.flatMap((choice) => fieldsOf(choice, named, { depth, seen })));
  if (depth > DEEPEST) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    { name, words: typeWords(inner), required: schema.required?.includes(name) ?? false, depth },
    ...fieldsOf(inner, named, { depth: depth + 1, seen }),
  ]);
}
