import type { NewRule, Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { request } from "./client.ts";

export async function createRule(pipelineId: string, body: NewRule): Promise<Rule> {
  const { rule } = await request<{ rule: Rule }>(`/pipelines/${pipelineId}/rules`, { method: "POST", body });
  return rule;
}

export async function setRuleEnabled(pipelineId: string, ruleId: string, enabled: boolean): Promise<Rule> {
  const path = `/pipelines/${pipelineId}/rules/${ruleId}`;
  const { rule } = await request<{ rule: Rule }>(path, { method: "PATCH", body: { enabled } });
  return rule;
}

export async function deleteRule(pipelineId: string, ruleId: string): Promise<void> {
  await request<unknown>(`/pipelines/${pipelineId}/rules/${ruleId}`, { method: "DELETE" });
}
