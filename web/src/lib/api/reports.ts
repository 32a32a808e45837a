import type { Report, ReportContacts } from "@dmtracker/shared/contracts/reports.ts";
import { request } from "./client.ts";

export const loadReport = (query: URLSearchParams): Promise<Report> => request<Report>(`/reports?${query}`);

export const loadReportContacts = (query: URLSearchParams): Promise<ReportContacts> =>
  request<ReportContacts>(`/reports/contacts?${query}`);
