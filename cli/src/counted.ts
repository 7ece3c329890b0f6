/** A number of things whose plural is regular, such as "1 job" or "2,000 jobs". */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
