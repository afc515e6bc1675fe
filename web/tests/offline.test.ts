import { MutationObserver, onlineManager } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";

import { makeQueryClient } from "@/app/queryClient";

afterEach(() => onlineManager.setOnline(true));

test("what is pressed offline fails at once, and is not done by itself later", async () => {
  onlineManager.setOnline(false);
  const work = vi.fn(() => Promise.reject(new TypeError("network")));
  const press = new MutationObserver(makeQueryClient(), { mutationFn: work });

  await expect(press.mutate()).rejects.toThrow("network");
  onlineManager.setOnline(true);

  expect(work).toHaveBeenCalledTimes(1);
});
