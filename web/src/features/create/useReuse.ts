import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSearchParams } from "react-router";

import { asProblem } from "@/api/problem";
import type { Image, ImageDetails, Recipe } from "@/api/types";
import { imageQuery } from "@/entities/image/queries";
import { jobQuery } from "@/entities/job/queries";
import type { Key } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { toast } from "@/ui/toasts";

import { draftFrom, holdsSeed, saysMore, startFrom, type Draft } from "./draft";

interface Change {
  next: (before: Draft) => Draft;
  said: Key;
  values?: Record<string, string>;
  tone: "good" | "info";
}

/**
 * Follows `?image=` and `?job=`, which fill in what that picture or job was made with, and `?source=`, which makes a
 * picture the one to start from; then drops them from the address.
 */
export function useReuse(take: (next: Change["next"]) => void): void {
  const client = useQueryClient();
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const image = query.get("image");
  const job = query.get("job");
  const source = query.get("source");

  useEffect(() => {
    const change =
      source !== null
        ? takeSource(client, source)
        : image !== null
          ? readImage(client, image).then((found) => reuseImage(client, found))
          : job !== null
            ? client
                .query({ ...jobQuery(job), staleTime: "static" })
                .then((found) => reuse(client, found.parameters))
            : null;
    if (!change) return;
    let wanted = true;
    change
      .then(
        ({ next, said, values, tone }) => {
          if (!wanted) return;
          take(next);
          toast(t(said, values), tone);
        },
        () =>
          wanted && toast(t(source === null ? "create.cannot_fill_in" : "create.cannot_start_from"), "bad"),
      )
      .finally(() => wanted && setQuery({}, { replace: true }));
    return () => {
      wanted = false;
    };
    // Only a new address asks for this, not a new language or a new callback.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [image, job, source]);
}

async function takeSource(client: QueryClient, id: string): Promise<Change> {
  const picture = await readImage(client, id);
  return { next: (before) => startFrom(before, picture), said: "create.source_taken", tone: "good" };
}

/** Of another program's picture, with the models that are here; those that are not are named. */
async function reuseImage(
  client: QueryClient,
  { generation_params, metadata }: ImageDetails,
): Promise<Change> {
  const change = await reuse(client, metadata?.usable ?? generation_params);
  const names = metadata?.unresolved.join(", ");
  return names
    ? { ...change, said: "create.filled_in_without_models", values: { names }, tone: "info" }
    : change;
}

async function reuse(client: QueryClient, recipe: Recipe): Promise<Change> {
  const source = recipe.source_image === undefined ? null : await findImage(client, recipe.source_image);
  const change = { next: () => draftFrom(recipe, source) };
  if (recipe.source_image !== undefined && !source) {
    return { ...change, said: "create.filled_in_without_source", tone: "info" };
  }
  if (!holdsSeed(recipe)) return { ...change, said: "create.filled_in_without_seed", tone: "info" };
  if (saysMore(recipe)) return { ...change, said: "create.filled_in_partly", tone: "info" };
  return { ...change, said: "create.filled_in", tone: "good" };
}

function readImage(client: QueryClient, id: string): Promise<ImageDetails> {
  return client.query({ ...imageQuery(id), staleTime: "static" });
}

/** The picture, or null when it was deleted. */
async function findImage(client: QueryClient, id: string): Promise<Image | null> {
  try {
    return await readImage(client, id);
  } catch (error) {
    if (asProblem(error).status === 404) return null;
    throw error;
  }
}
