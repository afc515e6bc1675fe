import { expect, test } from "vitest";

import { reasonOf } from "@/features/billing/reasons";

import { translatorIn } from "./words";

const i18n = translatorIn("en");

test.each([
  ["failed", "Returned: the job failed"],
  ["canceled", "Returned: the job was canceled"],
  ["completed", "Returned: it cost less than was set aside"],
] as const)("credits of a job that is %s come back with the reason", (status, words) => {
  const job = { status, job_type: "txt2img" } as const;

  expect(reasonOf({ transaction_type: "refund" }, job, i18n)).toBe(words);
});

test("of a job that the page does not know, only what happened is said", () => {
  expect(reasonOf({ transaction_type: "refund" }, undefined, i18n)).toBe("Returned");
  expect(reasonOf({ transaction_type: "bonus" }, undefined, i18n)).toBe("Bonus");
});
