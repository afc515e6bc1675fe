import styles from "./Keys.module.css";

interface KeysProps {
  keys: string | readonly string[];
  /** Also on a device that has no keyboard at hand, for whoever asks for the keys. */
  always?: boolean;
}

/** Keys to press: together ("Ctrl+K"), or one after the other (["G", "C"]). */
export function Keys({ keys, always }: KeysProps) {
  const presses = typeof keys === "string" ? [keys] : keys;
  return (
    <span className={styles.keys} data-always={always || undefined}>
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
