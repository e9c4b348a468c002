// The element's look: plain, readable from 320 pixels on, light or dark as the page is. A page changes it by the variables below, or
// takes any part (`::part(fact)`) into its own hands.

/** The variables for colours, `--ossicle-NAME`: in the light, and in the dark. The contrast of text is 4.5 at least, of borders 3. */
const COLOURS = {
  background: ["#ffffff", "#182026"],
  surface: ["#f5f7f8", "#212b32"],
  text: ["#17212a", "#e7ecef"],
  muted: ["#55636f", "#a3b0ba"],
  line: ["#dbe1e6", "#35424b"],
  border: ["#7d8a95", "#7a8994"],
  accent: ["#0d6565", "#62c2b9"],
  "on-accent": ["#ffffff", "#072423"],
  recording: ["#c22f2a", "#ff7b73"],
  error: ["#8c1d18", "#ffb4ae"],
  warning: ["#7a4b00", "#f0cd8c"],
};

const colours = (value) => Object.entries(COLOURS).map(([name, both]) => `--_${name}: var(--ossicle-${name}, ${value(both)});`).join(" ");

const CSS = `
:host { display: block; ${colours(([light]) => light)}
  --_radius: var(--ossicle-radius, 8px); --_gap: var(--ossicle-gap, 1rem); --_height: var(--ossicle-panel-height, 24rem);
  font: var(--ossicle-font, 400 0.9375rem/1.5 system-ui, sans-serif); color: var(--_text); }
@supports (color: light-dark(red, red)) { :host { ${colours(([light, dark]) => `light-dark(${light}, ${dark})`)} } }
:host([hidden]), [hidden] { display: none !important; }
*, *::before { box-sizing: border-box; }
h2, h3, p, ul { margin: 0; padding: 0; font: inherit; }
ul { list-style: none; }

[part~="visit"] { container-type: inline-size; background: var(--_background); border: 1px solid var(--_line); border-radius: var(--_radius); }
[part~="controls"] { display: grid; gap: 0.75rem var(--_gap); padding: var(--_gap); }
[part~="microphone"] { display: grid; gap: 0.25rem; min-width: 0; }
[part~="label"], [part~="count"], [part~="empty"], [part~="badge"] { color: var(--_muted); font-size: 0.8125rem; }
[part~="status"] { display: grid; gap: 0.375rem; align-content: center; min-width: 0; }
[part~="state"] { font-weight: 600; }
[part~="state"]::before { content: ""; display: inline-block; width: 0.625rem; height: 0.625rem; margin-inline-end: 0.5rem;
  border-radius: 50%; background: var(--_border); }
[part~="recording"]::before { background: var(--_recording); }
[part~="level"] { height: 0.5rem; overflow: hidden; border-radius: 0.25rem; background: var(--_surface); border: 1px solid var(--_border); }
[part~="level-bar"] { height: 100%; background: var(--_accent); transform-origin: 0 50%; transform: scaleX(var(--_level, 0)); }
:host(:dir(rtl)) [part~="level-bar"] { transform-origin: 100% 50%; }
[part~="level-bar"][part~="clipped"] { background: var(--_recording); }
[part~="actions"] { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
[part~="warning"]:not(:empty), [part~="error"]:not(:empty) { padding: 0 var(--_gap) var(--_gap); overflow-wrap: anywhere; }
[part~="warning"] { color: var(--_warning); }
[part~="error"] { color: var(--_error); }

[part~="button"], [part~="select"], [part~="input"] { font: inherit; color: inherit; min-height: 2.75rem; padding: 0.375rem 0.875rem;
  background: var(--_background); border: 1px solid var(--_border); border-radius: calc(var(--_radius) * 0.75); }
[part~="button"] { font-weight: 550; cursor: pointer; }
[part~="button"]:hover { background: var(--_surface); }
[part~="primary"], [part~="primary"]:hover { background: var(--_accent); border-color: var(--_accent); color: var(--_on-accent); }
[part~="primary"]:hover { filter: brightness(1.08); }
[part~="quiet"] { min-height: 2rem; padding: 0.125rem 0.5rem; border-color: transparent; color: var(--_accent); font-size: 0.8125rem; }
[part~="button"]:disabled, [part~="button"][aria-disabled="true"], [part~="select"]:disabled { opacity: 0.6; cursor: default; }
[part~="select"] { width: 100%; min-width: 0; text-overflow: ellipsis; }
[part~="input"] { width: 100%; resize: vertical; field-sizing: content; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
[part~="state"]:focus, [part~="heading"]:focus { outline: none; }

[part~="panels"] { display: grid; border-top: 1px solid var(--_line); }
[part~="panel"] { min-width: 0; padding: var(--_gap); }
[part~="panel"] + [part~="panel"] { border-top: 1px solid var(--_line); }
[part~="head"] { display: flex; gap: 0.5rem; align-items: baseline; }
[part~="heading"] { font-weight: 650; font-size: 1.0625rem; }
[part~="scroll"] { max-height: var(--_height); overflow-y: auto; margin-top: 0.5rem; }
[part~="facts"] [part~="empty"], [part~="groups"] { margin-top: 0.5rem; }
/* Room for the ring of what has focus inside: it would be cut off. */
[part~="scroll"], [part~="groups"] { padding: 4px; margin-inline: -4px; }
[part~="segment"] { padding-block: 0.25rem; overflow-wrap: anywhere; }
[part~="speaker"] { font-weight: 600; color: var(--_accent); }
[part~="interim"] { color: var(--_muted); }
[part~="group"] + [part~="group"] { margin-top: 0.75rem; }
[part~="group-heading"] { font-weight: 650; font-size: 0.8125rem; color: var(--_muted); }
[part~="fact"] { padding-block: 0.25rem; border-top: 1px solid var(--_line); }
[part~="fact-line"] { display: flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; align-items: center; }
[part~="fact-words"] { flex: 1 1 12rem; min-width: 0; overflow-wrap: anywhere; }
[part~="struck"] { text-decoration: line-through; color: var(--_muted); }
[part~="fact-actions"] { display: flex; margin-inline-start: auto; }
[part~="suggestion"] { padding-inline-start: 0.75rem; border-inline-start: 3px solid var(--_accent); font-size: 0.875rem; }
[part~="editor"] { display: flex; flex-wrap: wrap; gap: 0.5rem; padding-block: 0.25rem; }
[part~="note"] { padding: var(--_gap); border-top: 1px solid var(--_line); }
[part~="document"] { margin-top: var(--_gap); }
[part~="document-section"] { margin-top: 0.75rem; }
[part~="document-text"] { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 70ch; }

@container (min-width: 40rem) {
  [part~="controls"] { grid-template-columns: minmax(10rem, 16rem) 1fr auto; align-items: end; }
  [part~="status"] { grid-column: 2; min-height: 2.75rem; }
  [part~="actions"] { grid-column: 3; justify-content: end; }
  [part~="panels"] { grid-template-columns: 1fr 1fr; }
  [part~="panel"] + [part~="panel"] { border-top: 0; border-inline-start: 1px solid var(--_line); }
  [part~="groups"] { max-height: var(--_height); overflow-y: auto; }
}
@media (prefers-reduced-motion: no-preference) {
  [part~="level-bar"] { transition: transform 0.1s linear; }
  [part~="recording"]::before { animation: breathe 2s ease-in-out infinite; }
  @keyframes breathe { 50% { opacity: 0.35; } }
}
@media (forced-colors: active) {
  [part~="level-bar"] { forced-color-adjust: none; background: Highlight; }
}
`;

let sheet;

/** The style sheet, one for all elements of a page. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
