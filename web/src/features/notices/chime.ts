/** Two soft tones, made by the browser. Silent where it lets no page sound before somebody pressed something. */
export function chime(): void {
  const { AudioContext: Context } = window as Partial<Window & typeof globalThis>;
  if (!Context) return;
  const audio = new Context();
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.setValueAtTime(0.06, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.6);
  for (const [pitch, after] of [
    [660, 0],
    [880, 0.12],
  ] as const) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + 0.6);
  }
  window.setTimeout(() => void audio.close(), 1_000);
}
