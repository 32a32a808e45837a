import { expect, test } from "vitest";
import { openApiDocument } from "../../server/api-reference/openapi-document.ts";
import type { ApiDocument } from "../../web/src/lib/api/reference.ts";
import { chaptersOf, curlOf, fieldsOf, typeWords } from "../../web/src/lib/api-reference/chapters.ts";

const document = openApiDocument("https://sales.example.com") as unknown as ApiDocument;
const named = document.components.schemas;
const endpointOf = (operationId: string) => {
  const found = chaptersOf(document)
    .flatMap(({ endpoints }) => endpoints)
    .find(({ operation }) => operation.operationId === operationId);
  if (!found) throw new Error(`no ${operationId}`);
  return found;
};

test("[API13] the reference shows every endpoint in its chapter, once, and finds them by words", () => {
  const all = chaptersOf(document).flatMap(({ endpoints }) => endpoints);
  const described = Object.values(document.paths).flatMap((operations) => Object.keys(operations));
  expect(all).toHaveLength(described.length);
  expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
  const found = chaptersOf(document, "patch STATUS").flatMap(({ endpoints }) => endpoints);
  expect(found.map(({ path }) => path)).toContain("/contact/contact-status");
  expect(chaptersOf(document, "no such words")).toEqual([]);
});

test("[API13] an example is a call as one types it", () => {
  expect(curlOf("https://x/api/v1", endpointOf("patchContactContactStatus"))).toBe(
    [
      'curl -X PATCH "https://x/api/v1/contact/contact-status" \\',
      '  -H "x-org-auth-token: $TOKEN" \\',
      '  -H "content-type: application/json" \\',
      `  -d '{"manychat_id":"4711","status":"won","stage":"Closed","value":1200}'`,
    ].join("\n"),
  );
  const list = curlOf("https://x/api/v1", endpointOf("getContacts"));
  expect(list).toContain('"https://x/api/v1/contacts?sort=created&limit=2&status=open"');
});

test("[API13] fields are told with their place, their type in words and whether they are needed", () => {
  const body =
    endpointOf("postContactDefaultReply").operation.requestBody?.content?.["application/json"].schema;
  const fields = fieldsOf(body ?? {}, named);
  expect(fields.find(({ name }) => name === "username")).toMatchObject({ required: true, depth: 0 });
  expect(fields.find(({ name }) => name === "message_date")?.required).toBe(false);
  expect(fields.find(({ name, depth }) => name === "ig_id" && depth === 1)).toBeDefined();
  expect(typeWords({ type: "string", maxLength: 40 })).toBe("text, at most 40 characters");
  expect(typeWords({ type: "array", items: { $ref: "#/components/schemas/Contact" } })).toBe(
    "list of Contact",
  );
  expect(typeWords({ anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] })).toBe(
    "moment, ISO 8601 | null",
  );
});
