// Apart from the schemas, so that a page can name a period without loading a validator.

export const REPORT_PERIODS = {
  today: "Today",
  this_week: "This week",
  last_week: "Last week",
  this_month: "This month",
  last_month: "Last month",
  last_30_days: "Last 30 days",
} as const;
