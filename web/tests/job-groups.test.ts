import { describe, expect, test } from "vitest";

import type { Job } from "@/api/types";
import { factsOf, groupsOf, sharedFacts } from "@/features/queue/groups";
import { happenings } from "@/features/queue/happenings";

import { translatorIn } from "./words";

const i18n = translatorIn("en");

function job(id: string, batch_id: string, part: Partial<Job> = {}): Job {
  return {
    id,
    batch_id,
    job_type: "txt2img",
    status: "queued",
    parameters: { prompt: "a house" },
    error: null,
    ...part,
  } as Job;
}
const ids = (jobs: Job[]) => groupsOf(jobs).map((group) => group.jobs.map(({ id }) => id));

describe("jobs", () => {
  test("asked for in the same words one after another stand together, the newest first", () => {
    const jobs = [
      job("4", "c"),
      job("3", "b"),
      job("2", "b"),
      job("1", "a", { parameters: { prompt: "sea" } }),
    ];

    expect(ids(jobs)).toEqual([["4", "2", "3"], ["1"]]);
  });

  test("keep their place in time when other words came between", () => {
    const jobs = [job("3", "c"), job("2", "b", { parameters: { prompt: "sea" } }), job("1", "a")];

    expect(ids(jobs)).toEqual([["3"], ["2"], ["1"]]);
  });

  test("of another negative prompt are another group, enlargements of different pictures too", () => {
    const without = { parameters: { prompt: "a house", negative_prompt: "rain" } };
    const larger = (source_image: string) => ({
      job_type: "upscale" as const,
      parameters: { source_image, scale: 2 },
    });

    expect(ids([job("2", "b", without), job("1", "a")])).toEqual([["2"], ["1"]]);
    expect(ids([job("2", "b", larger("x")), job("1", "a", larger("y"))])).toEqual([["2"], ["1"]]);
  });

  test("stay one group under one name while newer ones join it", () => {
    const [before] = groupsOf([job("1", "a")]);
    const [after] = groupsOf([job("2", "b"), job("1", "a")]);

    expect(after?.id).toBe(before?.id);
  });

  test("say once what they share, and each what is its own", () => {
    const jobs = [8, 20].map((steps) =>
      job("1", "a", { parameters: { prompt: "a house", width: 256, height: 256, steps } }),
    );
    const facts = jobs.map((one) => factsOf(one, i18n));

    expect(sharedFacts(facts)).toEqual(["256 × 256"]);
    expect(facts.map((list) => list.at(-1))).toEqual(["8 steps", "20 steps"]);
  });
});

describe("what is said of jobs", () => {
  const waiting = job("1", "a");
  const second = job("2", "b");

  test("is that they wait, begin, and are done, once each", () => {
    const running = { ...waiting, status: "processing" } as Job;

    expect(happenings([], [second, waiting], i18n)).toEqual(["2 pictures are in the queue"]);
    expect(happenings([waiting], [running], i18n)).toEqual(["Started: a house"]);
    expect(happenings([running], [{ ...running, progress: null }], i18n)).toEqual([]);
    expect(happenings([running], [{ ...running, status: "completed" }], i18n)).toEqual(["Finished: a house"]);
  });

  test("has the reason when one fails", () => {
    const failed = { ...waiting, status: "failed", error: { code: "timeout", message: "" } } as Job;

    expect(happenings([waiting], [failed], i18n)).toEqual(["Failed: a house. It took longer than allowed."]);
  });

  test("is a number where several begin at once", () => {
    const running = [waiting, second].map((one) => ({ ...one, status: "processing" as const }));

    expect(happenings([waiting, second], running, i18n)).toEqual(["2 pictures have started"]);
  });

  test("is nothing of older ones that were only loaded now", () => {
    const old = job("0", "z", { status: "completed" });

    expect(happenings([waiting], [waiting, old], i18n)).toEqual([]);
  });
});
