import { findAllPipelineIds } from "#server/pipeline/pipeline.store.ts";
import { fillDerived } from "./contact.store.ts";

/** Before the first request: contacts that an older version has saved get what queries need. */
export async function prepareContacts(): Promise<void> {
  for (const pipelineId of await findAllPipelineIds()) await fillDerived(pipelineId);
}
