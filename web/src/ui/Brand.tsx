import { BASE_PATH } from "@/api/basePath";

import styles from "./Brand.module.css";

/** The name of the product is the same in every language. */
const NAME = "Pingvas Studio";

export function Brand({ short = false }: { short?: boolean }) {
  return (
    <span className={styles.brand}>
      <img src={`${BASE_PATH}/mark.svg`} alt="" width="28" height="28" />
      <span className={short ? styles.short : undefined}>{NAME}</span>
    </span>
  );
}
