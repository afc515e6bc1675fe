import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test } from "vitest";

import { useSingleMutation } from "@/entities/useSingleMutation";

function shown() {
  const sent: { given: string; end: (failed?: boolean) => void }[] = [];
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(
    () =>
      useSingleMutation({
        mutationFn: (given: string) =>
          new Promise<void>((resolve, reject) => {
            sent.push({ given, end: (failed) => (failed ? reject(new Error("no")) : resolve()) });
          }),
      }),
    { wrapper },
  );
  return { sent, result };
}

test("two presses of the same instant send once", async () => {
  const { sent, result } = shown();

  act(() => {
    result.current.mutate("one");
    result.current.mutate("one");
  });

  await waitFor(() => expect(sent.map(({ given }) => given)).toEqual(["one"]));
});

test("a press that is its own event is one as any other", async () => {
  const { sent, result } = shown();
  const round: Record<string, unknown> = Object.create({ of: "an event" }) as Record<string, unknown>;
  round.target = { itself: round };
  const press = round as unknown as string;

  act(() => {
    result.current.mutate(press);
    result.current.mutate(press);
  });

  await waitFor(() => expect(sent).toHaveLength(1));
});

test("what differs is sent beside it", async () => {
  const { sent, result } = shown();

  act(() => {
    result.current.mutate("one");
    result.current.mutate("two");
  });

  await waitFor(() => expect(sent.map(({ given }) => given)).toEqual(["one", "two"]));
});

test.each([false, true])("what is over can be sent again, whether it failed or not (%s)", async (failed) => {
  const { sent, result } = shown();
  act(() => result.current.mutate("one"));
  await waitFor(() => expect(sent).toHaveLength(1));
  act(() => sent[0]?.end(failed));
  await waitFor(() => expect(result.current.isPending).toBe(false));

  act(() => result.current.mutate("one"));

  await waitFor(() => expect(sent).toHaveLength(2));
});
