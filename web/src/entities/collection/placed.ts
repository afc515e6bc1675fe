import type { Image } from "@/api/types";

/** An image in a collection, with its neighbours there. */
export interface Placed {
  collection: string;
  image: Pick<Image, "id">;
  first?: string | undefined;
  previous?: string | undefined;
  next?: string | undefined;
}
