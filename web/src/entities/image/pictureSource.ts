/** Which of a picture's files is shown where, and what stands there until it has come. */
import type { Image } from "@/api/types";

/** The address of one that is large enough for a grid. */
export function sourceOf(image: Image): string {
  return image.thumbnail_url ?? image.file_url;
}
