/** The action as the demo's own people call it. */
export function shortAction(action: string): string {
  return action.replace(/^demo\./, "");
}
