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
  return (
    <span className={styles.avatar} data-large={large || undefined} aria-hidden="true">
      {picture ? (
        <img src={picture} alt="" onError={() => setBroken(picture)} />
      ) : (
        Array.from(name.trim())[0]?.toUpperCase()
      )}
    </span>
  );
}
