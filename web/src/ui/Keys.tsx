import styles from "./Keys.module.css";

/** Keys to press: together ("Ctrl+K"), or one after the other (["G", "C"]). */
export function Keys({ keys }: { keys: string | readonly string[] }) {
  const presses = typeof keys === "string" ? [keys] : keys;
  return (
    <span className={styles.keys}>
      {presses.flatMap((press, place) =>
        press.split("+").map((key) => (
          <kbd key={`${place} ${key}`} className={styles.key}>
            {key}
          </kbd>
        )),
      )}
    </span>
  );
}
