/** Which of a picture's files is shown where, and what stands there until it has come. */
import type { Image } from "@/api/types";

/** The address of one that is large enough to be shown so high; pixels of the page. */
export function sourceOf(image: Image, _height: number): string {
  return image.thumbnail_url ?? image.file_url;
}
