/** Which of a picture's files is shown where, and what stands there until it has come. */
import type { Image } from "@/api/types";

import { averageColour } from "./averageColour";

/** The longer sides of both thumbnails. */
const SMALL = 320;
const LARGE = 640;

/** The address of one that is large enough for a grid. */
export function sourceOf(image: Image): string {
  return image.thumbnail_url ?? image.file_url;
}

/** Both thumbnails with their widths, of which the browser takes the one that is wide enough; undefined: there are not two. */
export function sourcesOf(image: Image): string | undefined {
  const { thumbnail_url, thumbnail_large_url } = image;
  const [small, large] = [widthWithin(image, SMALL), widthWithin(image, LARGE)];
  if (thumbnail_url === null || thumbnail_large_url === null || small === large) return undefined;
  return `${thumbnail_url} ${small}w, ${thumbnail_large_url} ${large}w`;
}

/** The colour of its place; undefined: nobody knows. */
export function colourOf({ thumbhash }: Pick<Image, "thumbhash">): string | undefined {
  return thumbhash === null ? undefined : averageColour(thumbhash);
}

/** Thumbnails are never larger than their picture. */
function widthWithin({ width, height }: Pick<Image, "width" | "height">, side: number): number {
  return Math.max(1, Math.round(width * Math.min(1, side / Math.max(width, height))));
}
