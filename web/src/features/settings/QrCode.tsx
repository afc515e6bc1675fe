import encodeQR from "qr";
import { useMemo } from "react";

import styles from "./QrCode.module.css";

/** A text as a camera reads it: dark on white in both themes, with the quiet margin that readers want. */
export function QrCode({ label, text }: { label: string; text: string }) {
  const { path, size } = useMemo(() => {
    const rows = encodeQR(text, "raw", { border: 4 });
    const squares = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { path: squares.join(""), size: rows.length };
  }, [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className={styles.code}
    >
      <path d={path} />
    </svg>
  );
}
