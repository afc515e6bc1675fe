/** All that stands still, in sections; each is a screenshot of the browser tests. */
import { Segmented } from "@/ui/RadioGroup";
import { ThemeSwitch } from "@/ui/ThemeSwitch";

import { Controls } from "./Controls";
import { Fields } from "./Fields";
import styles from "./kit.module.css";
import { speak, useWords } from "./language";
import { Lists } from "./Lists";
import { Looks } from "./Looks";
import { OPENED } from "./Opened";

export function Kit() {
  const { w, language } = useWords();
  return (
    <main className={styles.page}>
      <header className={styles.head}>
        <h1>{w("kit")}</h1>
        <Segmented
          label={w("language")}
          value={language}
          options={[
            { value: "en", label: "English" },
            { value: "ko", label: "한국어" },
          ]}
          onChange={speak}
        />
        <ThemeSwitch />
        <nav className={styles.row}>
          {OPENED.map((name) => (
            <a key={name} href={`?open=${name}`}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <Looks />
      <Controls />
      <Fields />
      <Lists />
    </main>
  );
}
