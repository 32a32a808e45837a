/** Stands in the examples until a token was made. */
export const TOKEN_PLACE = "YOUR_TOKEN";

export type ApiExample = {
  id: "curl" | "javascript" | "manychat" | "n8n";
  label: string;
  how: string;
  code: string;
};

const STATUS = "/api/v1/contact/contact-status";
const REPLY = "/api/v1/contact/default-reply";

const curl = (origin: string, token: string): string => `curl -X PATCH ${origin}${STATUS} \\
  -H "x-org-auth-token: ${token}" \\
  -H "content-type: application/json" \\
  -d '{ "manychat_id": "4711", "status": "won", "stage": "Closed", "value": 1200 }'`;

/** A reply as ManyChat would tell it, to try out. */
export const curlReply = (origin: string, token: string): string => `curl -X POST ${origin}${REPLY} \\
  -H "x-org-auth-token: ${token}" \\
  -H "content-type: application/json" \\
  -d '{ "manychat_id": "1", "username": "first.reply", "message_content": "Yes, tell me more!" }'`;

const javascript = (
  origin: string,
  token: string,
): string => `const response = await fetch("${origin}${STATUS}", {
  method: "PATCH",
  headers: {
    "x-org-auth-token": "${token}",
    "content-type": "application/json",
    // The same key and body again get the same answer: a retry changes nothing twice.
    "idempotency-key": crypto.randomUUID(),
  },
  body: JSON.stringify({ manychat_id: "4711", status: "won", stage: "Closed", value: 1200 }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.message);
console.info(answer.data.changed, answer.data.automations);`;

const manychat = (origin: string, token: string): string => `POST ${origin}${REPLY}

Headers
x-org-auth-token: ${token}
Content-Type: application/json

Body
{
  "manychat_id": "{{user_id}}",
  "username": "{{ig_username}}",
  "message_content": "{{last_input_text}}"
}`;

/** A node as n8n copies it: pasted onto its canvas it becomes one. */
const n8n = (origin: string, token: string): string =>
  JSON.stringify(
    {
      nodes: [
        {
          parameters: {
            method: "PATCH",
            url: `${origin}${STATUS}`,
            sendHeaders: true,
            headerParameters: { parameters: [{ name: "x-org-auth-token", value: token }] },
            sendBody: true,
            specifyBody: "json",
            jsonBody: '={{ { "manychat_id": $json.manychat_id, "status": "won" } }}',
          },
          id: "dmtracker",
          name: "DmTracker: set lead status",
          type: "n8n-nodes-base.httpRequest",
          typeVersion: 4.2,
          position: [0, 0],
        },
      ],
      connections: {},
    },
    null,
    2,
  );

/** Calls to copy, with the address of this installation and, right after it was made, the token. */
export function apiExamples(origin: string, token: string = TOKEN_PLACE): ApiExample[] {
  return [
    { id: "curl", label: "curl", how: "In a terminal.", code: curl(origin, token) },
    {
      id: "javascript",
      label: "JavaScript",
      how: "Node, Deno, Bun, or any server.",
      code: javascript(origin, token),
    },
    {
      id: "manychat",
      label: "ManyChat",
      how: "In the Default Reply: Actions > External Request. An empty message is skipped, so the same step may stand in every flow.",
      code: manychat(origin, token),
    },
    {
      id: "n8n",
      label: "n8n",
      how: "Copy, then paste onto the canvas of a workflow.",
      code: n8n(origin, token),
    },
  ];
}
