import type {
  NewRule,
  NewTimedRule,
  Rule,
  RuleChange,
  TimedRuleChange,
} from "@dmtracker/shared/contracts/pipeline.ts";
import type { PreviewRule, PreviewTimedRule, RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { request } from "./client.ts";

export async function createRule(pipelineId: string, body: NewRule): Promise<Rule> {
  const { rule } = await request<{ rule: Rule }>(`/pipelines/${pipelineId}/rules`, { method: "POST", body });
  return rule;
}

export async function changeRule(pipelineId: string, ruleId: string, body: RuleChange): Promise<Rule> {
  const path = `/pipelines/${pipelineId}/rules/${ruleId}`;
  const { rule } = await request<{ rule: Rule }>(path, { method: "PATCH", body });
  return rule;
}

export async function deleteRule(pipelineId: string, ruleId: string): Promise<void> {
  await request<unknown>(`/pipelines/${pipelineId}/rules/${ruleId}`, { method: "DELETE" });
}

export function previewRule(
  pipelineId: string,
  body: PreviewRule,
  signal: AbortSignal,
): Promise<RulePreview> {
  return request<RulePreview>(`/pipelines/${pipelineId}/rules/preview`, { method: "POST", body, signal });
}

export async function createTimedRule(pipelineId: string, body: NewTimedRule): Promise<void> {
  await request<unknown>(`/pipelines/${pipelineId}/timed-rules`, { method: "POST", body });
}

export async function changeTimedRule(
  pipelineId: string,
  ruleId: string,
  body: TimedRuleChange,
): Promise<void> {
  await request<unknown>(`/pipelines/${pipelineId}/timed-rules/${ruleId}`, { method: "PATCH", body });
}

export async function deleteTimedRule(pipelineId: string, ruleId: string): Promise<void> {
  await request<unknown>(`/pipelines/${pipelineId}/timed-rules/${ruleId}`, { method: "DELETE" });
}

export function previewTimedRule(
  pipelineId: string,
  body: PreviewTimedRule,
  signal: AbortSignal,
): Promise<RulePreview> {
  return request<RulePreview>(`/pipelines/${pipelineId}/timed-rules/preview`, {
    method: "POST",
    body,
    signal,
  });
}
