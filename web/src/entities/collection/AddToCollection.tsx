/** The collections that a picture is in, to be ticked; and a new one for it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { CheckField } from "@/ui/Choices";
import { TextField } from "@/ui/Field";
import { Form } from "@/ui/Form";
import { Popover } from "@/ui/Popover";
import { Failed, Loading } from "@/ui/States";

import { makeCollection } from "./actions/makeCollection";
import { putInto } from "./actions/putInto";
import styles from "./AddToCollection.module.css";
import { collectionChoiceQuery, collectionsWithQuery } from "./queries";

export function AddToCollection({ image }: { image: string }) {
  const { t } = useI18n();
  return (
    <Popover icon label={t(putInto.label)} button={<putInto.icon />}>
      <div className={styles.panel}>
        <h2 className={styles.title}>{t(putInto.label)}</h2>
        <Choice image={image} />
        <NewOne image={image} />
        <Link to="/collections">{t("collection.see_all")}</Link>
      </div>
    </Popover>
  );
}

function Choice({ image }: { image: string }) {
  const { t } = useI18n();
  const all = useQuery(collectionChoiceQuery);
  const holding = useQuery(collectionsWithQuery(image));
  const putting = useAction(putInto);
  const error = all.error ?? holding.error;
  if (error)
    return <Failed error={error} onRetry={() => void Promise.all([all.refetch(), holding.refetch()])} />;
  if (!all.data || !holding.data) return <Loading label={t("collection.loading")} />;
  const inside = new Set(holding.data.items.map(({ id }) => id));
  if (all.data.items.length === 0) return <p className={styles.note}>{t("collection.none_yet")}</p>;
  return (
    <ul className={styles.list}>
      {all.data.items.map((collection) => (
        <li key={collection.id}>
          <CheckField
            label={collection.name}
            checked={inside.has(collection.id)}
            disabled={putting.busy}
            onChange={(checked) => putting.run({ image, collection, inside: checked })}
          />
        </li>
      ))}
    </ul>
  );
}

function NewOne({ image }: { image: string }) {
  const { t } = useI18n();
  const [name, setName] = useState("");
  const making = useAction(makeCollection, { onDone: () => setName("") });
  return (
    <Form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") making.run({ name, image });
      }}
    >
      <TextField
        label={t("collection.new_name")}
        name="name"
        maxLength={120}
        value={name}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <Button type="submit" small busy={making.busy} disabled={name.trim() === ""}>
        <makeCollection.icon />
        {t("collection.make_and_add")}
      </Button>
    </Form>
  );
}
