import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { StarIcon } from "lucide-react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Problem } from "@/api/problem";
import type { Image, Job } from "@/api/types";
import { actionOfKey, isOffered, type RunAction } from "@/entities/action";
import { deleteImage } from "@/entities/image/actions/deleteImage";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { reuseImage } from "@/entities/image/actions/reuseImage";
import { cancelJob } from "@/entities/job/actions/cancelJob";
import { retryJob } from "@/entities/job/actions/retryJob";
import { reuseJob } from "@/entities/job/actions/reuseJob";
import { useAction } from "@/entities/useAction";

import { messagesIn } from "./words";

const IMAGE = { id: "1", generation_params: { prompt: "a house" } } as unknown as Image;
const press = (key: string, ctrlKey = false) => ({ key, ctrlKey, metaKey: false, altKey: false });
const job = (status: Job["status"], job_type: Job["job_type"] = "txt2img") =>
  ({ id: "1", status, job_type, retried: false }) as Job & { retried: boolean };

test("a key asks for the action that names it, with no other key held", () => {
  const actions = [favoriteImage, deleteImage];

  expect(actionOfKey(actions, IMAGE, press("F"))).toBe(favoriteImage);
  expect(actionOfKey(actions, IMAGE, press("Delete"))).toBe(deleteImage);
  expect(actionOfKey(actions, IMAGE, press("f", true))).toBeUndefined();
  expect(actionOfKey(actions, IMAGE, press("x"))).toBeUndefined();
});

test("an action is on offer where it makes sense", () => {
  const enlarged = { ...IMAGE, generation_params: { prompt: "a house", job_type: "upscale" } };

  expect([IMAGE, enlarged].map((image) => isOffered(reuseImage, image))).toEqual([true, false]);
  expect([job("queued"), job("completed")].map((one) => isOffered(cancelJob, one))).toEqual([true, false]);
  expect([job("failed"), job("completed")].map((one) => isOffered(retryJob, one))).toEqual([true, false]);
  expect(isOffered(retryJob, { ...job("failed"), retried: true })).toBe(false);
  expect([job("failed"), job("failed", "upscale")].map((one) => isOffered(reuseJob, one))).toEqual([
    true,
    false,
  ]);
});

function page<Thing>(action: RunAction<Thing>) {
  const i18n = setupI18n({ locale: "en", messages: { en: messagesIn("en") } });
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </I18nProvider>
  );
  return renderHook(() => useAction(action, { beside: true }), { wrapper }).result;
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a press whose outcome nobody knows goes on with its key, in its repetitions and when it is pressed again", async () => {
  const keys: string[] = [];
  let failure: Problem | null = new Problem({ code: "unreachable", status: 0 });
  const action: RunAction<{ id: string }> = {
    label: "action.try_again",
    icon: StarIcon,
    once: ({ id }) => id,
    run: (_, { key }) => {
      keys.push(key);
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
  };
  const result = page(action);

  await act(async () => {
    result.current.run({ id: "1" });
    await vi.advanceTimersByTimeAsync(10_000);
  });
  expect(result.current.problem?.code).toBe("unreachable");
  failure = null;
  await act(async () => {
    result.current.run({ id: "1" });
    await vi.advanceTimersByTimeAsync(10);
  });
  await act(async () => {
    result.current.run({ id: "1" });
    await vi.advanceTimersByTimeAsync(10);
  });

  // One press with its three repetitions, the same press again, and then another one.
  expect(keys).toHaveLength(6);
  expect(new Set(keys.slice(0, 5)).size).toBe(1);
  expect(keys[5]).not.toBe(keys[0]);
});

test("a press that was refused is over: the next one is another", async () => {
  const keys: string[] = [];
  const result = page<{ id: string }>({
    label: "action.try_again",
    icon: StarIcon,
    once: ({ id }) => id,
    run: (_, { key }) => {
      keys.push(key);
      return Promise.reject(new Problem({ code: "forbidden", status: 403 }));
    },
  });

  const pressOnce = () =>
    act(async () => {
      result.current.run({ id: "1" });
      await vi.advanceTimersByTimeAsync(10);
    });
  await pressOnce();
  await pressOnce();

  expect(new Set(keys).size).toBe(2);
});
