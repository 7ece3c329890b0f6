import { formatDuration } from "../amount.ts";
import { type Html, html } from "./html.ts";

/** Something that happened, and how it is marked. */
export interface StoryEvent {
  readonly at: Date;
  readonly look: "" | "good" | "bad" | "over";
  readonly text: Html;
}

/** What happened, in the order of time, each with the time since the beginning. */
export function stepsSince(begin: Date, events: readonly StoryEvent[]): Html {
  const inOrder = [...events].sort((one, other) => one.at.getTime() - other.at.getTime());
  return html`<ol class="events">${inOrder.map(({ at, look, text }) => {
    const after = at.getTime() - begin.getTime();
    return html`<li class="${look}"><span class="when">${after <= 0 ? "0 s" : `+${formatDuration(after)}`}</span><div>${text}</div></li>`;
  })}</ol>`;
}
