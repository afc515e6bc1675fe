/** Our own line icons on a 20-unit grid. They are decoration: the control around them has the name. */
import type { ReactNode } from "react";

export interface IconProps {
  size?: number;
}

function icon(paths: ReactNode, fill = false) {
  return function Icon({ size = 20 }: IconProps) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 20 20"
        fill={fill ? "currentColor" : "none"}
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {paths}
      </svg>
    );
  };
}

const star = <path d="M10 2.8l2.2 4.6 5 .7-3.600 3.500.9 5L10 14.200l-4.500 2.400.9-5L2.800 8.100l5-.7z" />;

export const StarIcon = icon(star);
export const StarFilledIcon = icon(star, true);
export const CreateIcon = icon(
  <>
    <path d="M4 16l1-4 8-8 3 3-8 8z" />
    <path d="M11 6l3 3" />
  </>,
);
export const GalleryIcon = icon(
  <>
    <rect x="3" y="3" width="6" height="6" rx="1.200" />
    <rect x="11" y="3" width="6" height="6" rx="1.200" />
    <rect x="3" y="11" width="6" height="6" rx="1.200" />
    <rect x="11" y="11" width="6" height="6" rx="1.200" />
  </>,
);
export const CreditIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M12.400 7.900A3.200 3.200 0 1 0 12.400 12.100" />
  </>,
);
export const PersonIcon = icon(
  <>
    <circle cx="10" cy="7" r="3" />
    <path d="M4 17c.7-3 3-4.500 6-4.500s5.300 1.500 6 4.500" />
  </>,
);
export const CloseIcon = icon(<path d="M5 5l10 10M15 5L5 15" />);
export const LeftIcon = icon(<path d="M12 4l-6 6 6 6" />);
export const RightIcon = icon(<path d="M8 4l6 6-6 6" />);
export const DownIcon = icon(<path d="M5 8l5 5 5-5" />);
export const TrashIcon = icon(
  <>
    <path d="M3.500 5.500h13M8 5V3.500h4V5" />
    <path d="M5 5.500l.8 11h8.400l.8-11M8.300 9v4.500M11.700 9v4.500" />
  </>,
);
export const DownloadIcon = icon(<path d="M10 3v9M6.500 9L10 12.500 13.500 9M4 16.500h12" />);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9.500" height="9.500" rx="1.500" />
    <path d="M13 7V5A1.500 1.500 0 0 0 11.500 3.500H5A1.500 1.500 0 0 0 3.500 5v6.500A1.500 1.500 0 0 0 5 13h2" />
  </>,
);
export const AgainIcon = icon(
  <>
    <path d="M16 8a6.300 6.300 0 0 0-11.600-1.500M4 12a6.300 6.300 0 0 0 11.600 1.500" />
    <path d="M4 3v3.700h3.700M16 17v-3.700h-3.700" />
  </>,
);
export const DiceIcon = icon(
  <>
    <rect x="3.500" y="3.500" width="13" height="13" rx="2.500" />
    <path
      d="M7.200 7.200h.01M12.800 12.800h.01M10 10h.01M12.800 7.200h.01M7.200 12.800h.01"
      strokeWidth="2"
    />
  </>,
);
export const LockIcon = icon(
  <>
    <rect x="4.500" y="9" width="11" height="7.500" rx="1.500" />
    <path d="M7 9V6.500a3 3 0 0 1 6 0V9" />
  </>,
);
export const UnlockIcon = icon(
  <>
    <rect x="4.500" y="9" width="11" height="7.500" rx="1.500" />
    <path d="M7 9V6.500a3 3 0 0 1 5.800-1" />
  </>,
);
export const PlusIcon = icon(<path d="M10 4.500v11M4.500 10h11" />);
export const PictureIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="2" />
    <circle cx="7.300" cy="8" r="1.200" />
    <path d="M3.500 14.500l4-3.500 2.500 2 3-3.500 3.800 4" />
  </>,
);
export const EnlargeIcon = icon(
  <path d="M12 3.500h4.500V8M16.500 3.500l-5 5M8 16.500H3.500V12M3.500 16.500l5-5" />,
);
export const HelpIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M8 8.200a2 2 0 1 1 2.700 1.900c-.5.200-.7.500-.7 1.100M10 13.500h.01" />
  </>,
);
export const CheckIcon = icon(<path d="M4 10.500l4 4 8-9" />);
export const WarningIcon = icon(<path d="M10 3.500l7 12.500H3zM10 8.500v3.500M10 14.200h.01" />);
