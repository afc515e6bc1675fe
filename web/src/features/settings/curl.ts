import type { NewKeyOut } from "@/api/generated";

/** A call that the key may make, to be pasted into a terminal. */
export function curlOf({ key, scopes }: Pick<NewKeyOut, "key" | "scopes">, origin: string): string {
  const call = `curl ${origin}/api/v1`;
  const header = `-H "Authorization: Bearer ${key}"`;
  if (!scopes.includes("generate")) return `${call}/me \\\n  ${header}`;
  return [
    `${call}/jobs`,
    header,
    `-H "Content-Type: application/json"`,
    `-d '{"job_type": "txt2img", "prompt": "a red house at sunset"}'`,
  ].join(" \\\n  ");
}
