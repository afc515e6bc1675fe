/** One landscape in ten strips, each a step further from noise to picture: what this studio does, drawn. */
import { Fragment, useId } from "react";

import styles from "./Horizon.module.css";

const STRIPS = 10;
/** The last strips are the finished picture. */
const BLURRED = 7;
const WIDTH = 1000;
const HEIGHT = 1000;
const STRIP = WIDTH / STRIPS;

export function Horizon() {
  const id = useId();
  return (
    <svg
      className={styles.art}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <defs>
        <linearGradient id={`${id}sky`} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" className={styles.skyTop} />
          <stop offset="0.62" className={styles.skyMiddle} />
          <stop offset="1" className={styles.skyLow} />
        </linearGradient>
        <linearGradient id={`${id}sea`} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" className={styles.seaTop} />
          <stop offset="1" className={styles.seaLow} />
        </linearGradient>
        <linearGradient id={`${id}shade`} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0.45" className={styles.shade} stopOpacity="0" />
          <stop offset="1" className={styles.shade} stopOpacity="0.9" />
        </linearGradient>
        <filter id={`${id}noise`} x="0" y="0" width="100%" height="100%">
          <feTurbulence type="fractalNoise" baseFrequency="0.06" numOctaves="1" seed="7" />
          <feColorMatrix values="0.42 0.1 0 0 0.0  0.06 0.42 0.06 0 0.02  0 0.1 0.55 0 0.06  0 0 0 0 1" />
        </filter>
        <symbol id={`${id}scene`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
          <rect width={WIDTH} height="640" fill={`url(#${id}sky)`} />
          <circle cx="655" cy="470" r="118" className={styles.sun} />
          <path
            d="M0 560L150 450 260 530 420 390 590 580 690 520 830 600 1000 500V660H0z"
            className={styles.far}
          />
          <path d="M0 620L190 540 330 610 520 560 700 630 880 575 1000 620V680H0z" className={styles.near} />
          <rect y="640" width={WIDTH} height="360" fill={`url(#${id}sea)`} />
          <path d="M575 700h165M600 745h120M560 795h200M615 850h95" className={styles.glitter} />
        </symbol>
        {/* One layer of noise, thinner from strip to strip, so that no seams show. */}
        <linearGradient id={`${id}ladder`}>
          {Array.from({ length: BLURRED }, (_, step) => (
            <Fragment key={step}>
              <stop offset={step / STRIPS} stopColor="white" stopOpacity={noiseAt(step)} />
              <stop offset={(step + 1) / STRIPS} stopColor="white" stopOpacity={noiseAt(step)} />
            </Fragment>
          ))}
          <stop offset={BLURRED / STRIPS} stopColor="white" stopOpacity="0" />
        </linearGradient>
        <mask id={`${id}steps`}>
          <rect width={WIDTH} height={HEIGHT} fill={`url(#${id}ladder)`} />
        </mask>
        {Array.from({ length: BLURRED }, (_, step) => (
          <Fragment key={step}>
            <clipPath id={`${id}clip${step}`}>
              <rect x={step * STRIP} width={STRIP + 0.6} height={HEIGHT} />
            </clipPath>
            <filter id={`${id}blur${step}`} x="-20%" y="-20%" width="140%" height="140%">
              <feGaussianBlur stdDeviation={(BLURRED - step) * 7} />
            </filter>
          </Fragment>
        ))}
      </defs>
      <use href={`#${id}scene`} />
      {Array.from({ length: BLURRED }, (_, step) => (
        <g key={step} clipPath={`url(#${id}clip${step})`}>
          <use href={`#${id}scene`} filter={`url(#${id}blur${step})`} />
        </g>
      ))}
      <g mask={`url(#${id}steps)`}>
        <rect width={WIDTH} height={HEIGHT} filter={`url(#${id}noise)`} />
      </g>
      <rect width={WIDTH} height={HEIGHT} fill={`url(#${id}shade)`} />
    </svg>
  );
}

function noiseAt(step: number): number {
  return 0.85 * ((BLURRED - step) / BLURRED) ** 1.5;
}
