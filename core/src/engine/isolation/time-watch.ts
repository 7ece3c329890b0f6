export interface TimeWatchSeams {
  readonly monotonic: () => number;
  readonly timers: { after(ms: number, call: () => void): { cancel(): void } };
}

/** Calls once when a time has passed, however long it is: a timer may wake before. */
export function watchTime(
  limitMs: number,
  { monotonic, timers }: TimeWatchSeams,
  onPassed: () => void,
): { stop(): void } {
  const endsAt = monotonic() + limitMs;
  const look = () => {
    const left = endsAt - monotonic();
    if (left <= 0) onPassed();
    else timer = timers.after(left, look);
  };
  let timer = timers.after(limitMs, look);
  return { stop: () => timer.cancel() };
}
