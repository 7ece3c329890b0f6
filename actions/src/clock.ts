/** Milliseconds since some fixed moment, for measuring how long something takes. The only clock of this package. */
export const milliseconds = (): number => performance.now();
