import { ENDPOINTS, type Access, type Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { describeRight, may } from "@dmtracker/shared/contracts/rights.ts";
import type { RequestHandler, Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { unknownPath } from "#server/platform/http.ts";
import { requireOwnOrigin } from "#server/platform/origins.ts";
import { notePresence } from "./note-presence.ts";
import { requireCaller, requirePerson, type Caller, type Person, type SignedIn } from "./caller.ts";

/** `/contacts/:contactId` fits every path of two parts that begins with `contacts`. */
function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((part, index) => part === parts[index] || (part.startsWith(":") && parts[index] !== ""))
  );
}

const PATTERNS = Object.entries(ENDPOINTS).map(([endpoint, access]) => {
  const [method, path = ""] = endpoint.split(" ");
  return { endpoint: endpoint as Endpoint, method, parts: path.split("/"), access: access };
});

/** A fixed word is nearer than a parameter: `/contacts/export` is not the contact "export". */
const variables = (parts: readonly string[]): number => parts.filter((part) => part.startsWith(":")).length;
PATTERNS.sort((a, b) => variables(a.parts) - variables(b.parts));

function findDoor(method: string, path: string): { endpoint: Endpoint; access: Access } | undefined {
  const asked = method === "HEAD" ? "GET" : method;
  const parts = path.split("/");
  return PATTERNS.find((pattern) => pattern.method === asked && fits(pattern.parts, parts));
}

/** What the guard has found out about a call that it has let in. */
export type Locals = { endpoint?: Endpoint; caller?: Caller; person?: Person };

/** Who calls: known and allowed, or the guard would not have let the call in. */
export function callerOf(response: Response | undefined): Caller {
  const { caller } = (response?.locals ?? {}) as Locals;
  if (!caller) throw new Error("This endpoint is not one of an organization: see ENDPOINTS");
  return caller;
}

/** The person who calls; for endpoints that no token may use. */
export function signedInOf(response: Response): SignedIn {
  const caller = callerOf(response);
  if (!("user" in caller)) throw new Error("This endpoint is open to tokens: see ENDPOINTS");
  return caller as SignedIn;
}

/** Who is signed in, member of an organization or not. */
export function personOf(response: Response): Person {
  const { person } = response.locals as Locals;
  if (!person) throw new Error("This endpoint is not one for persons: see ENDPOINTS");
  return person;
}

/** The one place where the REST API decides who may do what. It stands before every route and reads no body. */
export function guard(app: AppContext): RequestHandler {
  return async (request, response, next) => {
    const door = findDoor(request.method, request.path);
    if (!door) return unknownPath(request, response, next);
    requireOwnOrigin(app.env.origins, request);
    const { access } = door;
    const locals = response.locals as Locals;
    locals.endpoint = door.endpoint;
    const ip = request.ip ?? "";
    if (access === "open") {
      await app.limits.take("open", ip, response);
    } else if (access === "person") {
      locals.person = await requirePerson(app, request.headers);
      await app.limits.take("person", locals.person.sessionId, response);
    } else {
      const caller = await requireCaller(app, request.headers).catch(async (error: unknown) => {
        // Guessing costs: whoever is nobody shares the few tries of their address.
        await app.limits.take("stranger", ip, response);
        throw error;
      });
      const limit = caller.role === "token" ? "token" : "person";
      await app.limits.take(limit, caller.limitKey, response);
      if (!may(caller.role, access)) throw new AppError("forbidden", describeRight(access));
      locals.caller = caller;
      if (caller.actor.type === "user") {
        notePresence(app, { organizationId: caller.organizationId, userId: caller.actor.id ?? "" });
      }
    }
    next();
  };
}
