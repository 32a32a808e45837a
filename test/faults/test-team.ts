import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { call } from "../support/http.ts";

const PASSWORD = "correct horse battery";

/** A new organization made through the public doors, as a customer would. */
export type TestTeam = {
  cookie: string;
  token: string;
  userId: string;
  pipelineId: string;
  stageIds: string[];
  contactIds: string[];
};

const cookieOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0] ?? "")
    .filter((cookie) => !cookie.startsWith("node="))
    .join("; ");

export async function signIn(url: string, email: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  if (!response.ok) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  return cookieOf(response.headers);
}

let made = 0;

/** Somebody new with an organization of their own. */
export async function signUp(url: string): Promise<{ email: string; cookie: string }> {
  made += 1;
  const email = `owner.${made}.${Date.now()}@example.com`;
  const body = { name: "Ana", organization_name: `Team ${made}`, password: PASSWORD, email };
  const {
    status,
    headers,
    body: answer,
  } = await call(url, "POST", "/sign-up", {
    body,
    headers: { origin: url },
  });
  if (status >= 300) throw new Error(`sign-up answered ${status}: ${answer.message}`);
  const cookie = cookieOf(headers);
  return { email, cookie: cookie || (await signIn(url, email)) };
}

/** One more person of that organization. */
export async function invite(
  url: string,
  owner: string,
  role: "admin" | "member",
): Promise<{ userId: string; email: string; cookie: string }> {
  made += 1;
  const email = `${role}.${made}.${Date.now()}@example.com`;
  const invited = await call<{ invitation: { link: string } }>(url, "POST", "/invitations", {
    cookie: owner,
    headers: { origin: url },
    body: { email, role },
  });
  const token = new URL(invited.body.data.invitation.link).hash.slice(1);
  const accepted = await call(url, "POST", "/invitations/accept", {
    headers: { origin: url },
    body: { token, name: role, password: PASSWORD },
  });
  if (accepted.status >= 300) throw new Error(`accepting answered ${accepted.status}`);
  const cookie = await signIn(url, email);
  const me = await call<{ user: { id: string } }>(url, "GET", "/account", { cookie });
  return { userId: me.body.data.user.id, email, cookie };
}

export async function aTestTeam(url: string, contacts = 40): Promise<TestTeam & { email: string }> {
  const { email, cookie } = await signUp(url);
  const own = { cookie, headers: { origin: url } };
  const me = await call<{ user: { id: string } }>(url, "GET", "/account", own);
  const made = await call<{ secret: string }>(url, "POST", "/tokens", { ...own, body: { name: "load" } });
  const token = made.body.data.secret;
  const listed = await call<{ pipelines: Pipeline[] }>(url, "GET", "/pipelines", { token });
  const [pipeline] = listed.body.data.pipelines;
  if (!pipeline) throw new Error("a new organization has no pipeline");
  const contactIds = await Promise.all(
    Array.from({ length: contacts }, async (_, index) => {
      const body = { username: `c${index}` };
      const created = await call<{ contact_id: string }>(url, "POST", "/organization/create-contact", {
        token,
        body,
      });
      return created.body.data.contact_id;
    }),
  );
  return {
    email,
    cookie,
    token,
    userId: me.body.data.user.id,
    pipelineId: pipeline.id,
    stageIds: pipeline.stages.map(({ id }) => id),
    contactIds,
  };
}
