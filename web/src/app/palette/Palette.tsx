/** Everything that can be done from where one is, found by typing. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { ImageIcon, KeyboardIcon, LayersIcon, BellIcon, MonitorIcon, MoonIcon, SunIcon } from "lucide-react";
import { useNavigate } from "react-router";

import type { User } from "@/api/types";
import { downloadMany } from "@/entities/image/actions/downloadMany";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { imagesQuery } from "@/entities/image/queries";
import { useAction } from "@/entities/useAction";
import { useAccountCommands } from "@/features/account/useAccountCommands";
import { useI18n } from "@/i18n/useI18n";
import { useOfferedCommands, type Command } from "@/shortcuts/commands";
import { keyNames } from "@/shortcuts/keyNames";
import { CommandPalette, type PaletteCommand } from "@/ui/CommandPalette";
import { THEME_CHOICES, useTheme } from "@/ui/theme";

import type { Opened } from "../opened";
import { placesOf, type Place } from "../places";
import { SHELL } from "../shellShortcuts";
import { pagesBelow } from "./pagesBelow";

interface PaletteProps {
  user: User;
  onOpen: (opened: Opened) => void;
  onClose: () => void;
}

/** Those made last are looked for most. */
const PICTURES = 5;
type Going = Pick<Place, "path" | "label" | "icon"> & Partial<Pick<Place, "keys">>;
const THEME_ICONS = { dark: MoonIcon, light: SunIcon, system: MonitorIcon };

export function Palette({ user, onOpen, onClose }: PaletteProps) {
  const { t } = useI18n();
  const offered = useOfferedCommands();
  const pictures = usePictureCommands();
  const places = usePlaceCommands(user, onOpen);
  const settings = useSettingCommands(onOpen);
  return (
    <CommandPalette
      label={t("nav.palette")}
      placeholder={t("palette.hint")}
      none={t("palette.none")}
      open
      onClose={onClose}
      groups={[
        ...offered.map(({ from, title, commands }) => ({
          label: title,
          commands: commands.map((command) => entryOf({ ...command, id: `${from} ${command.id}` })),
        })),
        { label: t("palette.places"), commands: places },
        { label: t("palette.pictures"), commands: pictures },
        { label: t("palette.settings"), commands: settings },
      ]}
    />
  );
}

function entryOf({ keys, run, ...command }: Command): PaletteCommand {
  return { ...command, keys: keys?.[0] === undefined ? undefined : keyNames(keys[0]), onSelect: run };
}

function usePlaceCommands(user: User, onOpen: PaletteProps["onOpen"]): PaletteCommand[] {
  const { t } = useI18n();
  const navigate = useNavigate();
  return [
    ...placesOf(user)
      .flatMap((place): Going[] => [place, ...pagesBelow(place)])
      .map(({ path, label, icon, keys }) =>
        entryOf({ id: path, label: t(label), icon, keys, run: () => void navigate(path) }),
      ),
    ...(["jobs", "notices"] as const).map((name) =>
      entryOf({
        id: name,
        label: t(SHELL[name].label),
        icon: name === "jobs" ? LayersIcon : BellIcon,
        keys: SHELL[name].keys,
        run: () => onOpen(name),
      }),
    ),
  ];
}

function usePictureCommands(): PaletteCommand[] {
  const i18n = useI18n();
  const navigate = useNavigate();
  const { data } = useInfiniteQuery(imagesQuery({ favorite: false }));
  const download = useAction(downloadMany);
  const latest = (data?.pages[0]?.items ?? []).slice(0, PICTURES);
  if (latest.length === 0) return [];
  return [
    ...latest.map((image) => ({
      id: image.id,
      label: pictureTitle(image.generation_params, i18n),
      picture: image.thumbnail_url ?? undefined,
      icon: ImageIcon,
      onSelect: () => void navigate(`/gallery?view=${image.id}`),
    })),
    {
      id: "download all",
      label: i18n.t("palette.download_all"),
      icon: downloadMany.icon,
      onSelect: () => download.run({ filter: {} }),
    },
  ];
}

function useSettingCommands(onOpen: PaletteProps["onOpen"]): PaletteCommand[] {
  const { t } = useI18n();
  const { choice, choose } = useTheme();
  const account = useAccountCommands();
  const themes = { dark: t("theme.dark"), light: t("theme.light"), system: t("theme.system") };
  return [
    ...THEME_CHOICES.filter((one) => one !== choice).map((one) =>
      entryOf({
        id: `theme ${one}`,
        label: t("palette.theme", { name: themes[one] }),
        icon: THEME_ICONS[one],
        run: () => choose(one),
      }),
    ),
    entryOf({
      id: "shortcuts",
      label: t(SHELL.shortcuts.label),
      icon: KeyboardIcon,
      keys: SHELL.shortcuts.keys,
      run: () => onOpen("shortcuts"),
    }),
    ...account.map(entryOf),
  ];
}
