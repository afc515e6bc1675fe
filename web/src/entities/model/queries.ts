/** The models one may use, as they are read. */
import { listModelsOptions } from "@/api/generated/@tanstack/react-query.gen";

export const modelsQuery = { ...listModelsOptions(), staleTime: 5 * 60_000 };

export const modelKeys = { models: modelsQuery.queryKey };
