/** The models one may use, as they are read. */
import { queryOptions } from "@tanstack/react-query";

import { answer, api } from "@/api/client";

export const modelKeys = { models: ["models"] as const };

export const modelsQuery = queryOptions({
  queryKey: modelKeys.models,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/models", { signal })),
  staleTime: 5 * 60_000,
});
