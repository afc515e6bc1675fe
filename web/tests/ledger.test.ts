import { expect, test } from "vitest";

import { noteOf, reasonOf } from "@/features/billing/reasons";

import { translatorIn } from "./words";

const i18n = translatorIn("en");

test.each([
  ["failed", "Returned: the job failed"],
  ["canceled", "Returned: the job was canceled"],
  ["completed", "Returned: it cost less than was set aside"],
] as const)("credits of a job that is %s come back with the reason", (status, words) => {
  const job = { status, job_type: "txt2img" } as const;

  expect(reasonOf({ transaction_type: "refund", description: null }, job, i18n)).toBe(words);
});

test("of a job that the page does not know, only what happened is said", () => {
  expect(reasonOf({ transaction_type: "refund", description: null }, undefined, i18n)).toBe("Returned");
  expect(reasonOf({ transaction_type: "bonus", description: null }, undefined, i18n)).toBe("Bonus");
});

test.each([
  ["grant", "Pro, a month", "Monthly credits: Pro", "월 크레딧: Pro"],
  ["grant", "Studio, the difference", "Upgrade to Studio", "Studio 요금제로 올림"],
  ["grant", "Pack of credits", "Credit pack", "크레딧 팩"],
  ["bonus", "Code SPRING", "Code SPRING", "코드 SPRING"],
  ["bonus", "Welcome to the studio", "Bonus: welcome to the studio", "보너스: 가입 축하"],
  [
    "consume",
    "Taken back with a payment that was refunded",
    "Taken back: the payment was refunded",
    "회수: 결제 환불",
  ],
  [
    "refund",
    "The picture was lost, so it costs nothing",
    "Returned: the picture was lost",
    "돌려받음: 그림 유실",
  ],
] as const)(
  "%s: %s is said in the language of the page",
  (transaction_type, description, english, korean) => {
    const line = { transaction_type, description };
    const completed = { status: "completed", job_type: "txt2img" } as const;

    expect(reasonOf(line, completed, i18n)).toBe(english);
    expect(reasonOf(line, completed, translatorIn("ko"))).toBe(korean);
    expect(noteOf(line, i18n)).toBeNull();
  },
);

test("why an admin gave credits is read by whoever got them", () => {
  const line = { transaction_type: "bonus", description: "Sorry for the outage" } as const;

  expect(reasonOf(line, undefined, i18n)).toBe("Bonus");
  expect(noteOf(line, i18n)).toBe("Sorry for the outage");
});
