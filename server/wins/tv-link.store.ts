import { createHash, randomBytes } from "node:crypto";
import type { TvLink } from "@dmtracker/shared/contracts/wins.ts";
import mongoose from "mongoose";
import { TvLinkModel, toTvLink, type TvLinkRecord } from "./tv-link.model.ts";

const PREFIX = "dmtv_";
/** `lastUsedAt` is for people: a write a minute tells them enough. */
const LAST_USED_STEP_MS = 60_000;

/** A random secret of 256 bits needs no slow hash: there is nothing to guess. */
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

export type NewTvLink = {
  organizationId: string;
  pipelineId: string | null;
  name: string;
  showsContacts: boolean;
  createdAt: Date;
};

/** Makes a link and returns its secret, which cannot be had again. */
export async function insertTvLink({
  organizationId,
  pipelineId,
  ...rest
}: NewTvLink): Promise<{ link: TvLink; secret: string }> {
  const secret = PREFIX + randomBytes(32).toString("base64url");
  const record: TvLinkRecord = {
    ...rest,
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    pipelineId: pipelineId === null ? null : new mongoose.Types.ObjectId(pipelineId),
    hash: hashOf(secret),
    lastUsedAt: null,
    revokedAt: null,
  };
  await TvLinkModel.collection.insertOne(record);
  return { link: toTvLink(record), secret };
}

export type KnownTvLink = TvLink & { organizationId: string; isRevoked: boolean };

/** The link with this secret, also when it was revoked: whoever has the secret may know. Read anew each time. */
export async function findTvLink(secret: string, now: Date): Promise<KnownTvLink | undefined> {
  if (!secret.startsWith(PREFIX)) return undefined;
  const record = await TvLinkModel.findOne({ hash: hashOf(secret) }).lean<TvLinkRecord>();
  if (!record) return undefined;
  const { _id, lastUsedAt, revokedAt } = record;
  if (!revokedAt && (!lastUsedAt || now.getTime() - lastUsedAt.getTime() > LAST_USED_STEP_MS)) {
    await TvLinkModel.updateOne({ _id }, { lastUsedAt: now });
  }
  const organizationId = record.organizationId.toHexString();
  return { ...toTvLink(record), organizationId, isRevoked: revokedAt !== null };
}

/** Links that work, the newest first. */
export async function findTvLinks(organizationId: string): Promise<TvLink[]> {
  const records = await TvLinkModel.find({ organizationId, revokedAt: null })
    .sort({ _id: -1 })
    .lean<TvLinkRecord[]>();
  return records.map(toTvLink);
}

export async function revokeTvLink(organizationId: string, id: string, now: Date): Promise<boolean> {
  const result = await TvLinkModel.updateOne(
    { _id: id, organizationId, revokedAt: null },
    { revokedAt: now },
  );
  return result.modifiedCount === 1;
}
