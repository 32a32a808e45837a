import { readJson, send } from "./client.ts";

export type JsonSchema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  $ref?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  additionalProperties?: JsonSchema | boolean;
  default?: unknown;
};
export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description?: string;
  schema: JsonSchema;
  example?: unknown;
};
type Content = {
  content?: { "application/json": { schema: JsonSchema; example?: unknown } };
  description?: string;
};
export type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content & { $ref?: string }>;
};
export type LiveMessage = {
  name: string;
  says: string;
  answer?: string;
  payload: JsonSchema | string;
  example?: object;
};
export type ApiDocument = {
  info: { title: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, Content> };
  "x-live-protocol": {
    transport: string;
    promises: string[];
    fromClient: LiveMessage[];
    fromServer: LiveMessage[];
  };
};

/** The document that describes the API; it is no answer of the usual shape. */
export async function loadApiDocument(): Promise<ApiDocument> {
  const response = await send("/api/v1/openapi.json");
  const read = await readJson(response);
  if (!response.ok) throw new Error("The reference could not be loaded");
  return read as ApiDocument;
}
