/** Units by name on one line: `gpu 1, memory 8000`. */
export function unitsText(units: Readonly<Record<string, number>>): string {
  return Object.entries(units)
    .map(([name, amount]) => `${name} ${amount}`)
    .join(", ");
}
