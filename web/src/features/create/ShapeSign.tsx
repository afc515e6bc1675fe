import styles from "./ShapeSign.module.css";

/** The outline of a picture in these proportions. */
export function ShapeSign({ ratio }: { ratio: string }) {
  return <span className={styles.outline} data-ratio={ratio} />;
}
