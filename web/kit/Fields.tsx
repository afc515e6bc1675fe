/** What is filled in, in every state. */
import { useState } from "react";

import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { TextArea, TextField } from "@/ui/Field";
import { Form } from "@/ui/Form";
import { NumberField } from "@/ui/NumberField";
import { Select } from "@/ui/Select";
import { Slider } from "@/ui/Slider";

import { Section } from "./Section";
import styles from "./kit.module.css";
import { useWords } from "./language";
import { MODELS, SAMPLERS } from "./samples";

export function Fields() {
  const { w } = useWords();
  const [sampler, setSampler] = useState("euler");
  const [model, setModel] = useState<string | null>("house");
  const [steps, setSteps] = useState(20);
  const [strength, setStrength] = useState(0.6);
  const nothing = () => undefined;
  return (
    <>
      <Section name="text-fields" title={w("fields")}>
        <div className={styles.columns}>
          <TextField label={w("name")} placeholder={w("name_example")} hint={w("name_hint")} />
          <TextField label={w("name")} value="Nari" error={w("name_taken")} onChange={nothing} />
          <TextField label={w("name")} value="Nari" disabled onChange={nothing} />
          <TextField label={w("name")} value="Nari" readOnly />
          <TextArea label={w("prompt")} rows={4} placeholder={w("prompt_example")} />
          <TextArea
            label={w("prompt")}
            rows={4}
            value={w("sentence")}
            error={w("choose")}
            onChange={nothing}
          />
        </div>
      </Section>
      <Section name="lists-to-choose-from" title={w("choose")}>
        <div className={styles.columns}>
          <Select label={w("sampler")} value={sampler} options={SAMPLERS} onChange={setSampler} />
          <Select
            label={w("sampler")}
            value=""
            placeholder={w("choose")}
            error={w("choose")}
            options={SAMPLERS}
            onChange={nothing}
          />
          <Select label={w("sampler")} value="euler" disabled options={SAMPLERS} onChange={nothing} />
          <Combobox
            label={w("model")}
            value={model}
            options={MODELS}
            none={w("nothing_fits")}
            placeholder={w("choose")}
            onChange={setModel}
          />
          <Combobox
            label={w("model")}
            value={null}
            options={MODELS}
            none={w("nothing_fits")}
            placeholder={w("choose")}
            hint={w("name_hint")}
            onChange={nothing}
          />
          <Combobox label={w("model")} value="house" disabled options={MODELS} none="" onChange={nothing} />
        </div>
      </Section>
      <Section name="numbers" title={w("steps")}>
        <div className={styles.columns}>
          <NumberField label={w("steps")} slider min={1} max={50} value={steps} onChange={setSteps} />
          <NumberField
            label={w("steps")}
            slider
            min={1}
            max={50}
            value={80}
            error={w("too_many")}
            onChange={nothing}
          />
          <NumberField label={w("count")} stepper min={1} max={8} value={4} onChange={nothing} />
          <NumberField label={w("count")} stepper disabled min={1} max={8} value={1} onChange={nothing} />
          <Slider label={w("strength")} min={0} max={1} step={0.05} value={strength} onChange={setStrength} />
          <Slider label={w("strength")} min={0} max={1} step={0.05} value={0.3} disabled onChange={nothing} />
        </div>
      </Section>
      <Section name="form" title={w("dialog")}>
        <Form errors={{ name: w("name_taken") }}>
          <TextField label={w("name")} name="name" />
          <Button type="submit" look="primary">
            {w("save")}
          </Button>
        </Form>
      </Section>
    </>
  );
}
