/** Actions as buttons and links: with their words, or as an icon whose words are its tooltip. */
import { Link } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { firstKeyName } from "@/shortcuts/keyNames";
import { Button, buttonClass, type ButtonLook } from "@/ui/Button";
import { IconButton, iconButtonClass } from "@/ui/IconButton";

import { isOffered, type FileAction, type LinkAction, type RunAction } from "./action";

interface ButtonProps<Thing> {
  thing: Thing;
  look?: ButtonLook;
  small?: boolean;
  wide?: boolean;
  /** Words alone, where there are many in a row. */
  plain?: boolean;
}

export function ActionButton<Thing>({
  action,
  thing,
  plain,
  busy,
  onPress,
  ...rest
}: ButtonProps<Thing> & { action: RunAction<Thing>; busy?: boolean; onPress: (thing: Thing) => void }) {
  const { t } = useI18n();
  if (!isOffered(action, thing)) return null;
  const { icon: Icon, label } = action;
  return (
    <Button {...rest} busy={busy} onClick={() => onPress(thing)}>
      {!plain && <Icon />}
      {t(label)}
    </Button>
  );
}

export function ActionLink<Thing>({
  action,
  thing,
  look = "plain",
  plain,
  ...shape
}: ButtonProps<Thing> & { action: LinkAction<Thing> }) {
  const { t } = useI18n();
  if (!isOffered(action, thing)) return null;
  const { icon: Icon, label, to } = action;
  return (
    <Link to={to(thing)} className={buttonClass(look, shape)}>
      {!plain && <Icon />}
      {t(label)}
    </Link>
  );
}

interface IconProps<Thing> {
  thing: Thing;
  onPicture?: boolean;
  size?: number;
  /** Where its keys are heard, its tooltip tells them. */
  withKeys?: boolean;
  tabIndex?: number;
  className?: string | undefined;
}

export function ActionIcon<Thing>({
  action,
  thing,
  size,
  withKeys,
  onPress,
  ...rest
}: IconProps<Thing> & { action: RunAction<Thing>; onPress: (thing: Thing) => void }) {
  const { t } = useI18n();
  if (!isOffered(action, thing)) return null;
  const { icon: Icon, label, keys, isOn } = action;
  const on = isOn?.(thing);
  return (
    <IconButton
      {...rest}
      label={t(label)}
      keys={withKeys ? firstKeyName(keys) : undefined}
      aria-pressed={on}
      onClick={() => onPress(thing)}
    >
      <Icon size={size} fill={on ? "currentColor" : "none"} />
    </IconButton>
  );
}

export function ActionDownload<Thing>({
  action,
  thing,
  onPicture,
  size,
  className,
}: IconProps<Thing> & { action: FileAction<Thing> }) {
  const { t } = useI18n();
  if (!isOffered(action, thing)) return null;
  const { icon: Icon, label, file } = action;
  const { href, name } = file(thing);
  return (
    <a
      href={href}
      download={name}
      aria-label={t(label)}
      title={t(label)}
      className={iconButtonClass(onPicture, className)}
    >
      <Icon size={size} />
    </a>
  );
}
