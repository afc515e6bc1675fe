import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";

import type { Job, JobPage } from "@/api/types";
import { batchesOf } from "@/entities/job/batches";
import { addJobs, patchJob } from "@/entities/job/cache";
import { moved, newestProgress } from "@/entities/job/progress";
import { jobKeys } from "@/entities/job/queries";
import { failureText, startText, statusText, waitText } from "@/entities/job/statusText";

import { translatorIn } from "./words";

const i18n = translatorIn("en");

function job(part: Partial<Job>): Job {
  return {
    id: "1",
    batch_id: "b",
    job_type: "txt2img",
    status: "queued",
    priority: 10,
    lane: "normal",
    position: null,
    eta_seconds: null,
    progress: null,
    parameters: { prompt: "a house", steps: 20 },
    estimated_credits: 4,
    actual_credits: null,
    receipt: null,
    waiting_for: null,
    retry_of: null,
    attempt: 1,
    worker_id: null,
    created_at: "2026-01-01T00:00:00Z",
    queued_at: null,
    started_at: null,
    completed_at: null,
    error: null,
    image: null,
    api_key: null,
    ...part,
  };
}
const progress = (step: number) => ({
  step,
  total_steps: 20,
  step_name: "Denoising",
  percent: step * 5,
  preview_url: null,
  eta_seconds: null,
});
const page = (...items: Job[]): JobPage => ({ items, next_cursor: null });
const cacheOf = (...items: Job[]) => {
  const client = new QueryClient();
  client.setQueryData(jobKeys.jobs, { pages: [page(...items)], pageParams: [undefined] });
  return { client, items: () => client.getQueryData<{ pages: JobPage[] }>(jobKeys.jobs)?.pages[0]?.items };
};

test("jobs asked for at once stand together, in the order of their making", () => {
  const jobs = [job({ id: "3", batch_id: "new" }), job({ id: "2" }), job({ id: "1" })];

  const batches = batchesOf(jobs).map((batch) => batch.jobs.map(({ id }) => id));

  expect(batches).toEqual([["3"], ["1", "2"]]);
});

test("a poll does not turn back what an event has shown", () => {
  const known = page(job({ status: "processing", progress: progress(9) }));

  const late = newestProgress(page(job({ status: "processing", progress: progress(7) })), [known]);
  const again = newestProgress(page(job({ status: "processing", attempt: 2, progress: null })), [known]);

  expect(late.items[0]?.progress?.step).toBe(9);
  expect(again.items[0]?.progress).toBeNull();
});

test("an event changes the job it names, and says when it knows no such job", () => {
  const { client, items } = cacheOf(job({ id: "1" }), job({ id: "2" }));

  expect(patchJob(client, "2", (found) => ({ ...found, status: "processing" }))).toBe(true);
  expect(patchJob(client, "9", (found) => found)).toBe(false);
  expect(items()?.map(({ status }) => status)).toEqual(["queued", "processing"]);
});

test("jobs just submitted are listed once, also when a poll was faster", () => {
  const { client, items } = cacheOf(job({ id: "2" }), job({ id: "1" }));

  addJobs(client, [job({ id: "2" }), job({ id: "3" })]);

  expect(items()?.map(({ id }) => id)).toEqual(["3", "2", "1"]);
});

test.each([
  [{ status: "pending", position: 3 }, "3rd in line"],
  [{ status: "queued", position: 1 }, "Next in line"],
  [{ status: "queued", position: 12 }, "12th in line"],
  [{ status: "queued", position: 1000 }, "1,000 or more in line"],
  [{ status: "processing" }, "Starting"],
  [{ status: "processing", progress: progress(8) }, "Step 8 of 20"],
  [{ status: "processing", progress: { ...progress(0), step_name: "Loading model" } }, "Loading the model"],
  [
    { status: "processing", job_type: "upscale", progress: { ...progress(1), step_name: "Upscaling" } },
    "Enlarging",
  ],
  [{ status: "completed" }, "Done"],
] as const)("says where %o stands", (part, text) => {
  expect(statusText(job(part), i18n)).toBe(text);
});

test.each([
  [{ status: "pending", waiting_for: "slot" }, "Waits for your other pictures"],
  [{ status: "queued", waiting_for: "worker" }, "Waits for a free machine"],
  [{ status: "queued", waiting_for: "worker", lane: "idle" }, "Runs when nobody else waits"],
  [{ status: "queued", waiting_for: "model" }, "Waits for its model to be loaded"],
  [{ status: "queued", waiting_for: "job" }, "Waits for another job"],
] as const)("says what %o waits for", (part, text) => {
  expect(waitText(job(part), i18n)).toBe(text);
});

test.each([
  [null, null],
  [0.4, "starts any moment"],
  [7.2, "starts in about 8 s"],
  [41, "starts in about 45 s"],
  [600, "starts in about 10 min"],
  [9000, "starts in about 3 h"],
] as const)("says about when a job starts in %d seconds", (seconds, text) => {
  expect(startText(seconds, i18n)).toBe(text);
});

test("says places as each language does", () => {
  const korean = translatorIn("ko");

  expect([1, 2, 3, 4, 11, 22, 103].map(i18n.ordinal).join(" ")).toBe("1st 2nd 3rd 4th 11th 22nd 103rd");
  expect(statusText(job({ status: "queued", position: 3 }), korean)).toBe("대기 3번째");
});

test("a job moves up in line while it waits, and not once it has started", () => {
  const wait = { position: 2, eta_seconds: 9, waiting_for: "worker" } as const;
  const running = job({ status: "processing" });

  expect(moved(job({ status: "pending", waiting_for: "slot" }), wait)).toMatchObject({
    ...wait,
    status: "queued",
  });
  expect(moved(running, wait)).toBe(running);
});

test("says why a job failed, by its code where it is known", () => {
  const failed = (code: string) => job({ status: "failed", error: { code, message: "CUDA error 2" } });

  expect(failureText(failed("timeout"), i18n)).toBe("It took longer than allowed.");
  expect(failureText(failed("something_new"), i18n)).toBe("CUDA error 2");
});
