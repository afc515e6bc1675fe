/** Tables as CSV, all of their pages: where the next one begins stands in a header, which the generated functions do not give out. */
import type {
  ExportAuditLogData,
  GetRevenueData,
  GetUsageData,
  GetUsageOfAllData,
  ListCreditsData,
} from "./generated";
import { client } from "./generated/client.gen";

const NEXT = "X-Next-Cursor";
const LINE_END = "\r\n";

type Table = ExportAuditLogData | GetRevenueData | GetUsageData | GetUsageOfAllData | ListCreditsData;

export function getText<Url extends Table["url"]>(
  url: Url,
  query: Extract<Table, { url: Url }>["query"],
): Promise<string> {
  return joinPages(async (cursor) => {
    const { data, response } = await client.get<{ 200: string }, unknown, true>({
      url,
      security: [{ scheme: "bearer", type: "http" }],
      query: { ...query, ...(cursor !== undefined && { cursor }) },
      headers: { Accept: "text/csv" },
      parseAs: "text",
      responseStyle: "fields",
      throwOnError: true,
    });
    return { text: data, next: response.headers.get(NEXT) };
  });
}

type ReadPage = (cursor: string | undefined) => Promise<{ text: string; next: string | null }>;

/** All pages of a table as one text: each names the columns, the whole names them once. */
export async function joinPages(read: ReadPage): Promise<string> {
  let page = await read(undefined);
  let all = page.text;
  while (page.next !== null) {
    page = await read(page.next);
    all += page.text.slice(page.text.indexOf(LINE_END) + LINE_END.length);
  }
  return all;
}
