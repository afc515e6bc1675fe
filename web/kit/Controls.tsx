/** Buttons, choices, tabs, progress, badges. */
import { CopyIcon, Grid3x3Icon, RulerIcon, SquareDashedIcon, StarIcon } from "lucide-react";
import { useState } from "react";

import { Badge } from "@/ui/Badge";
import { Button, buttonClass, type ButtonLook } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { CheckField, SwitchField } from "@/ui/Choices";
import { Keys } from "@/ui/Keys";
import { Meter, ProgressBar } from "@/ui/Progress";
import { RadioGroup, RadioTiles, Segmented } from "@/ui/RadioGroup";
import { Tabs } from "@/ui/Tabs";
import { ToggleGroup } from "@/ui/ToggleGroup";

import { Section } from "./Section";
import styles from "./kit.module.css";
import { useWords } from "./language";
import type { Word } from "./words";

const LOOKS: [ButtonLook, Word][] = [
  ["primary", "create"],
  ["plain", "save"],
  ["quiet", "later"],
  ["danger", "remove"],
];

export function Controls() {
  return (
    <>
      <Buttons />
      <Choices />
      <Bars />
      <Measures />
    </>
  );
}

function Buttons() {
  const { w } = useWords();
  const [pressed, setPressed] = useState(true);
  return (
    <Section name="buttons" title={w("buttons")}>
      {[{}, { small: true }, { disabled: true }, { busy: true }].map((state, row) => (
        <div key={row} className={styles.row}>
          {LOOKS.map(([look, word]) => (
            <Button key={look} look={look} {...state}>
              {w(word)}
            </Button>
          ))}
        </div>
      ))}
      <div className={styles.row}>
        <IconButton label={w("favorite")} aria-pressed={pressed} onClick={() => setPressed(!pressed)}>
          <StarIcon fill={pressed ? "currentColor" : "none"} />
        </IconButton>
        <IconButton label={w("copy")} keys="Ctrl+C">
          <CopyIcon />
        </IconButton>
        <IconButton label={w("copy")} disabled>
          <CopyIcon />
        </IconButton>
        <span className={styles.picture}>
          <IconButton label={w("favorite")} onPicture aria-pressed>
            <StarIcon fill="currentColor" />
          </IconButton>
          <IconButton label={w("copy")} onPicture>
            <CopyIcon />
          </IconButton>
        </span>
        <a href="#top" className={buttonClass("plain")}>
          {w("open")}
        </a>
      </div>
      <Button look="primary" wide>
        {w("create")}
      </Button>
    </Section>
  );
}

function Choices() {
  const { w } = useWords();
  const [on, setOn] = useState(true);
  const [seen, setSeen] = useState("you");
  const nothing = () => undefined;
  return (
    <Section name="choices" title={w("choices")}>
      <div className={styles.columns}>
        <div>
          <CheckField label={w("only_idle")} hint={w("idle_hint")} checked={on} onChange={setOn} />
          <CheckField label={w("tiled")} checked={!on} onChange={(checked) => setOn(!checked)} />
          <CheckField label={w("all")} checked={false} indeterminate onChange={nothing} />
          <CheckField label={w("tiled")} checked disabled onChange={nothing} />
          <CheckField label={w("tiled")} error={w("choose")} checked={false} onChange={nothing} />
        </div>
        <div>
          <SwitchField label={w("public")} hint={w("link_hint")} checked={on} onChange={setOn} />
          <SwitchField label={w("tiled")} checked={!on} onChange={(checked) => setOn(!checked)} />
          <SwitchField label={w("tiled")} checked disabled onChange={nothing} />
        </div>
        <RadioGroup
          label={w("visible_to")}
          value={seen}
          options={[
            { value: "you", label: w("only_you") },
            { value: "link", label: w("with_link"), hint: w("link_hint") },
            { value: "all", label: w("everyone"), disabled: true },
          ]}
          onChange={setSeen}
        />
      </div>
    </Section>
  );
}

function Bars() {
  const { w } = useWords();
  const [show, setShow] = useState("all");
  const [shape, setShape] = useState("square");
  const [over, setOver] = useState(["grid"]);
  const [tab, setTab] = useState("details");
  return (
    <Section name="bars" title={w("show")}>
      <div className={styles.row}>
        <Segmented
          label={w("show")}
          value={show}
          options={[
            { value: "all", label: w("all") },
            { value: "favorites", label: w("favorites") },
            { value: "none", label: w("history"), disabled: true },
          ]}
          onChange={setShow}
        />
        <ToggleGroup
          label={w("overlays")}
          value={over}
          options={[
            { value: "grid", label: w("grid_lines"), icon: <Grid3x3Icon size={16} /> },
            { value: "rulers", label: w("rulers"), icon: <RulerIcon size={16} /> },
            { value: "masks", label: w("masks"), icon: <SquareDashedIcon size={16} />, disabled: true },
          ]}
          onChange={setOver}
        />
      </div>
      <RadioTiles
        label={w("shape")}
        value={shape}
        options={[
          { value: "square", label: w("square") },
          { value: "wide", label: w("wide") },
          { value: "tall", label: w("tall"), disabled: true },
        ]}
        onChange={setShape}
      />
      <Tabs
        label={w("details")}
        value={tab}
        tabs={[
          { value: "details", label: w("details"), content: <p>{w("sentence")}</p> },
          { value: "history", label: w("history"), content: <p>{w("empty_text")}</p> },
          { value: "sharing", label: w("sharing"), disabled: true, content: null },
        ]}
        onChange={setTab}
      />
    </Section>
  );
}

function Measures() {
  const { w } = useWords();
  return (
    <>
      <Section name="progress" title={w("progress")}>
        <ProgressBar label={w("making")} value={40} shown />
        <ProgressBar label={w("waiting")} value={null} />
        <Meter label={w("storage")} value={3.1} max={5} text={w("storage_used")} />
        <Meter label={w("storage")} value={4.7} max={5} text={w("storage_nearly")} />
        <Meter label={w("storage")} value={5} max={5} text={w("storage_full")} />
      </Section>
      <Section name="badges" title={w("badges")}>
        <div className={styles.row}>
          <Badge>12</Badge>
          <Badge tone="accent">{w("new")}</Badge>
          <Badge tone="info">{w("running")}</Badge>
          <Badge tone="good">{w("done")}</Badge>
          <Badge tone="warn">{w("nearly")}</Badge>
          <Badge tone="bad">{w("failed")}</Badge>
          <Keys keys="Ctrl+K" />
        </div>
      </Section>
    </>
  );
}
