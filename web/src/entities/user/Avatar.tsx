/** A person's picture of themselves, or the first letter of their name. */
import { useState } from "react";

import styles from "./Avatar.module.css";

interface AvatarProps {
  name: string;
  /** Where the picture is; null: there is none. */
  url: string | null | undefined;
  large?: boolean;
}

export function Avatar({ name, url, large }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null);
  const picture = url && url !== broken ? url : null;
  // The letter is drawn, not written: it is no part of the name of what the picture stands in.
  const letter = picture ? undefined : Array.from(name.trim())[0]?.toUpperCase();
  return (
    <span
      className={styles.avatar}
      data-large={large || undefined}
      data-letter={letter}
      aria-hidden="true"
    >
      {picture && <img src={picture} alt="" onError={() => setBroken(picture)} />}
    </span>
  );
}
