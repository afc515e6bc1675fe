/** What a deed changed, line by line: what was before and after, in words where there are some. */
import type { AuditEntry } from "@/api/types";
import type { Translator } from "@/i18n/translate";

export interface Change {
  field: string;
  before: string | null;
  after: string | null;
}

export function changesOf(
  { before, after }: Pick<AuditEntry, "before" | "after">,
  i18n: Translator,
): Change[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...fields].map((field) => ({
    field: i18n.find(`admin.field.${field}`) ?? field,
    before: valueText(field, before?.[field], i18n),
    after: valueText(field, after?.[field], i18n),
  }));
}

function valueText(field: string, value: unknown, { find, number }: Translator): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return number(value);
  if (typeof value !== "string") return JSON.stringify(value);
  // Why a picture is hidden is said in many places.
  return find(`admin.value.${field}.${value}`) ?? find(`${field}.${value}`) ?? value;
}
