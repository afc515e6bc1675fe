/** The audit log as one file: the server gives it in pages, each with the line that names the columns. */
import { client } from "@/api/generated/client.gen";

const NEXT = "X-Next-Cursor";
/** By this, spreadsheets know that what follows is UTF-8. */
const MARK = "\u{FEFF}";
const LINE_END = "\r\n";

export interface Span {
  since?: string;
  until?: string;
}

type ReadPage = (cursor: string | undefined) => Promise<{ text: string; next: string | null }>;

export async function exportAudit(span: Span): Promise<Blob> {
  return new Blob([MARK + (await joinPages(pagesOf(span)))], { type: "text/csv;charset=utf-8" });
}

/** All pages, the columns named once. */
export async function joinPages(read: ReadPage): Promise<string> {
  let page = await read(undefined);
  let all = page.text;
  while (page.next !== null) {
    page = await read(page.next);
    all += page.text.slice(page.text.indexOf(LINE_END) + LINE_END.length);
  }
  return all;
}

function pagesOf(span: Span): ReadPage {
  return async (cursor) => {
    const { data, response } = await client.get<{ 200: string }, unknown, true>({
      url: "/api/v1/admin/audit.csv",
      security: [{ scheme: "bearer", type: "http" }],
      query: { ...span, cursor, limit: 100 },
      parseAs: "text",
      responseStyle: "fields",
      throwOnError: true,
    });
    return { text: data, next: response.headers.get(NEXT) };
  };
}

export function saveFile(file: Blob, name: string): void {
  const href = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
  // Some browsers begin to read it only after the click.
  window.setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
