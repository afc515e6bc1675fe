import { useQuery } from "@tanstack/react-query";
import { FingerprintIcon } from "lucide-react";
import { useState } from "react";

import { addPasskey, askForNewPasskey, removePasskey, renamePasskey, type PasskeyOut } from "@/api/generated";
import { listPasskeysOptions } from "@/api/generated/@tanstack/react-query.gen";
import { asProblem } from "@/api/problem";
import { hasPasskeys, makePasskey } from "@/entities/user/webauthn";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";

import { deviceName } from "./deviceName";
import { ProblemLine, Row, Rows, Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

const passkeysQuery = listPasskeysOptions();
const changes = [passkeysQuery.queryKey];

export function PasskeysSection({ available }: { available: boolean }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data } = useQuery(passkeysQuery);
  const [renamed, setRenamed] = useState<string | null>(null);
  const [removed, setRemoved] = useState<PasskeyOut | null>(null);
  const usable = available && hasPasskeys();
  const adding = useChange(
    async () => {
      const { public_key } = await askForNewPasskey();
      const credential = await makePasskey(public_key);
      return addPasskey({ body: { credential, name: deviceName(t("settings.passkey_name_default")) } });
    },
    // It has a name already; another one is asked for where it stands.
    { beside: true, changes, onDone: (made) => setRenamed(made.id) },
  );
  const removing = useChange((id: string) => removePasskey({ path: { passkey_id: id } }), { changes });
  const passkeys = data?.items ?? [];

  return (
    <Section
      title={t("settings.passkeys")}
      text={t("settings.passkeys_text")}
      aside={
        usable && (
          <Button small busy={adding.isPending} onClick={() => adding.mutate()}>
            {t("settings.passkey_add")}
          </Button>
        )
      }
    >
      {!usable && (
        <p className={styles.note}>
          {t(available ? "settings.passkeys_not_here" : "settings.passkeys_unavailable")}
        </p>
      )}
      {adding.error && <ProblemLine>{problemText(i18n, asProblem(adding.error))}</ProblemLine>}
      {passkeys.length > 0 && (
        <Rows label={t("settings.passkeys")}>
          {passkeys.map((passkey) =>
            renamed === passkey.id ? (
              <li key={passkey.id}>
                <Rename passkey={passkey} onEnd={() => setRenamed(null)} />
              </li>
            ) : (
              <Passkey
                key={passkey.id}
                passkey={passkey}
                busy={removing.isPending && removing.variables === passkey.id}
                onRename={() => setRenamed(passkey.id)}
                onRemove={() => setRemoved(passkey)}
              />
            ),
          )}
        </Rows>
      )}
      {removed && (
        <ConfirmDialog
          title={t("settings.passkey_remove_title", { name: removed.name })}
          text={t("settings.passkey_remove_text")}
          action={t("settings.remove")}
          onClose={() => setRemoved(null)}
          onConfirm={() => {
            setRemoved(null);
            removing.mutate(removed.id);
          }}
        />
      )}
    </Section>
  );
}

interface PasskeyProps {
  passkey: PasskeyOut;
  busy: boolean;
  onRename: () => void;
  onRemove: () => void;
}

function Passkey({ passkey, busy, onRename, onRemove }: PasskeyProps) {
  const { t, ago, dateTime } = useI18n();
  const { name, backed_up, created_at, last_used_at } = passkey;
  return (
    <Row
      icon={<FingerprintIcon size={20} />}
      title={
        <>
          {name}
          {backed_up && <Badge>{t("settings.passkey_synced")}</Badge>}
        </>
      }
      facts={[
        t("settings.made", { when: dateTime(created_at) }),
        last_used_at ? t("settings.used", { when: ago(last_used_at) }) : t("settings.never_used"),
      ]}
    >
      <Button small look="quiet" aria-label={t("settings.rename_named", { name })} onClick={onRename}>
        {t("settings.rename")}
      </Button>
      <Button small aria-label={t("settings.remove_named", { name })} busy={busy} onClick={onRemove}>
        {t("settings.remove")}
      </Button>
    </Row>
  );
}

function Rename({ passkey, onEnd }: { passkey: PasskeyOut; onEnd: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [name, setName] = useState(passkey.name);
  const renaming = useChange(() => renamePasskey({ path: { passkey_id: passkey.id }, body: { name } }), {
    beside: true,
    changes,
    onDone: onEnd,
  });
  const problem = renaming.error && asProblem(renaming.error);
  return (
    <form
      className={styles.form}
      aria-label={t("settings.rename_named", { name: passkey.name })}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === passkey.name) onEnd();
        else renaming.mutate();
      }}
    >
      <TextField
        label={t("settings.passkey_name")}
        hint={t("settings.passkey_name_hint")}
        required
        maxLength={80}
        value={name}
        error={problem ? problemText(i18n, problem) : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" small busy={renaming.isPending}>
          {t("settings.save")}
        </Button>
        <Button small look="quiet" onClick={onEnd}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}
