import { openApiDocument } from "@dmtracker/server/api-reference/openapi-document.ts";
import type { Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export const document = openApiDocument("http://localhost", { strict: true });

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(document, "document");

const escaped = (text: string): string =>
  encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"));

function operationPointer(endpoint: Endpoint): string {
  const [method = "", path = ""] = endpoint.split(" ");
  return `document#/paths/${escaped(path.replace(/:(\w+)/g, "{$1}"))}/${method.toLowerCase()}`;
}

function problemsOf(pointer: string, value: unknown): string[] {
  const validate = ajv.getSchema(pointer);
  if (!validate) return [`the document has no ${decodeURIComponent(pointer)}`];
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message ?? ""} ${JSON.stringify(params)}`,
  );
}

/** What the document says against an answer; empty when it is as described. */
export function answerProblems(endpoint: Endpoint, status: number, body: unknown): string[] {
  const pointer = operationPointer(endpoint);
  const isSuccess = status < 300;
  return problemsOf(
    isSuccess
      ? `${pointer}/responses/${status}/content/${escaped("application/json")}/schema`
      : `document#/components/responses/${status}/content/${escaped("application/json")}/schema`,
    body,
  );
}

/** Likewise about the body of a call. */
export function bodyProblems(endpoint: Endpoint, body: unknown): string[] {
  return problemsOf(
    `${operationPointer(endpoint)}/requestBody/content/${escaped("application/json")}/schema`,
    body,
  );
}
