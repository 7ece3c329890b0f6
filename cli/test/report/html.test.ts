import { expect, it } from "vitest";
import { html } from "../../src/report/html.ts";

it("escapes every value, between tags and in attributes, and leaves markup as it is", () => {
  const name = `<img src=x onerror="alert('1')">&amp;`;
  const inner = html`<b title="${name}">${name}</b>`;
  const escaped = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;";
  expect(html`<p>${inner}</p>`.markup).toBe(`<p><b title="${escaped}">${escaped}</b></p>`);
});

it("writes lists one after the other, numbers as they are, and nothing for what is not there", () => {
  expect(html`${["<", html`<i>`, 3]}${null}${false}${[]}.`.markup).toBe("&lt;<i>3.");
});
