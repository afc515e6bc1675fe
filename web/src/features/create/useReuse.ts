import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSearchParams } from "react-router";

import { imageQuery, jobQuery } from "@/api/queries";
import type { Recipe } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { toast } from "@/ui/toasts";

/** Follows `?image=` and `?job=`: hands over what that picture or job was made with, then drops them. */
export function useReuse(take: (recipe: Recipe) => void): void {
  const client = useQueryClient();
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const image = query.get("image");
  const job = query.get("job");

  useEffect(() => {
    if (image === null && job === null) return;
    let wanted = true;
    const recipe: Promise<Recipe> =
      image !== null
        ? client.query({ ...imageQuery(image), staleTime: "static" }).then((found) => found.generation_params)
        : client.query({ ...jobQuery(job ?? ""), staleTime: "static" }).then((found) => found.parameters);
    recipe
      .then(
        (found) => {
          if (!wanted) return;
          take(found);
          toast(t("create.filled_in"), "good");
        },
        () => wanted && toast(t("create.cannot_fill_in"), "bad"),
      )
      .finally(() => wanted && setQuery({}, { replace: true }));
    return () => {
      wanted = false;
    };
    // Only a new address asks for this, not a new language or a new callback.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [image, job]);
}
