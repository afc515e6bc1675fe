/** A picture in a grid: it fills its place, and says so when its signed address has run out. */
import { useState } from "react";

import type { Image } from "@/api/types";

import { sourceOf } from "./pictureSource";

interface ThumbnailProps {
  image: Image;
  title: string;
  onBroken: () => void;
}

export function Thumbnail({ image, title, onBroken }: ThumbnailProps) {
  const source = sourceOf(image);
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <img
      src={source}
      alt={title}
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => {
        // Once for each address: a picture that is really gone must not be asked for without end.
        if (broken === source) return;
        setBroken(source);
        onBroken();
      }}
    />
  );
}
