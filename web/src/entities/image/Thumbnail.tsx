/** A picture in a grid: it fills its place, and says so when its signed address has run out. */
import { useState } from "react";

import type { Image } from "@/api/types";

import { colourOf, sourceOf, sourcesOf } from "./pictureSource";

interface ThumbnailProps {
  image: Image;
  title: string;
  /** It is as wide as its place, which the browser knows. */
  fills?: boolean;
  onBroken: () => void;
}

export function Thumbnail({ image, title, fills = false, onBroken }: ThumbnailProps) {
  const source = sourceOf(image);
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <img
      // What is not wide in any place needs no larger one.
      srcSet={fills ? sourcesOf(image) : undefined}
      // Browsers that do not know how wide it is laid out take it for a usual tile.
      sizes={fills ? "auto, 18rem" : undefined}
      src={source}
      alt={title}
      loading="lazy"
      decoding="async"
      draggable={false}
      style={{ backgroundColor: colourOf(image) }}
      onError={() => {
        // Once for each address: a picture that is really gone must not be asked for without end.
        if (broken === source) return;
        setBroken(source);
        onBroken();
      }}
    />
  );
}
