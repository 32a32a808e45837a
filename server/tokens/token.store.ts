import { createHash, randomBytes } from "node:crypto";
import type { ApiToken } from "@dmtracker/shared/contracts/tokens.ts";
import mongoose from "mongoose";
import { sharedRead } from "#server/platform/shared-read.ts";
import { TokenModel, toApiToken, type TokenRecord } from "./token.model.ts";

const PREFIX = "dmt_";
/** `lastUsedAt` is for people: a write a minute tells them enough. */
const LAST_USED_STEP_MS = 60_000;

export type Token = { id: string; organizationId: string; name: string };

/** A random secret of 256 bits needs no slow hash: there is nothing to guess. */
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

type TokenMade = { token: ApiToken; secret: string };

/** Makes a token and returns its secret, which cannot be had again. */
export async function insertToken(
  organizationId: string,
  name: string,
  now: Date,
  createdBy?: string,
): Promise<TokenMade> {
  const secret = PREFIX + randomBytes(32).toString("base64url");
  const record: TokenRecord = {
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    name,
    hash: hashOf(secret),
    createdAt: now,
    ...(createdBy !== undefined && { createdBy }),
    lastUsedAt: null,
    revokedAt: null,
  };
  await TokenModel.collection.insertOne(record);
  return { token: toApiToken(record), secret };
}

/** Tokens that work, the newest first. */
export async function findTokens(organizationId: string): Promise<ApiToken[]> {
  const records = await TokenModel.find({ organizationId, revokedAt: null })
    .sort({ _id: -1 })
    .lean<TokenRecord[]>();
  return records.map(toApiToken);
}

/** Reads the database each time it is asked: a revoked token must stop at once, everywhere. */
const readToken = sharedRead(async (hash): Promise<Token | undefined> => {
  const record = await TokenModel.findOne({ hash, revokedAt: null }).lean<TokenRecord>();
  if (!record) return undefined;
  const { _id, organizationId, name, lastUsedAt } = record;
  const now = new Date();
  if (!lastUsedAt || now.getTime() - lastUsedAt.getTime() > LAST_USED_STEP_MS) {
    await TokenModel.updateOne({ _id }, { lastUsedAt: now });
  }
  return { id: _id.toHexString(), organizationId: organizationId.toHexString(), name };
});

/** The live token with this secret. */
export async function findToken(secret: string): Promise<Token | undefined> {
  return secret.startsWith(PREFIX) ? readToken(hashOf(secret)) : undefined;
}

export async function revokeToken(organizationId: string, id: string, now: Date): Promise<boolean> {
  const result = await TokenModel.updateOne({ _id: id, organizationId, revokedAt: null }, { revokedAt: now });
  return result.modifiedCount === 1;
}

/** Whether a token may still act, for work that goes on after the call that brought it. */
export async function isTokenLive(organizationId: string, id: string): Promise<boolean> {
  return (await TokenModel.exists({ _id: id, organizationId, revokedAt: null })) !== null;
}
