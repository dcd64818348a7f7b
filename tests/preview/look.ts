/** Obsidian's default light theme in the few rules that a card meets: sizes, callouts, properties, tables, code. */
export const LOOK = `
:root { --font-ui-smaller: 12px; --size-4-3: 12px; --size-4-4: 16px; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #222; font: 16px/1.5 "DejaVu Sans", "Noto Color Emoji", sans-serif; }
.markdown-preview-view { max-width: 760px; margin: 0 auto; padding: 24px 24px 40px; }
h1 { font-size: 1.6em; line-height: 1.2; margin: 0.6em 0 0.4em; overflow-wrap: anywhere; }
h1.inline-title { font-size: 1.35em; margin-top: 0; }
h2 { font-size: 1.25em; margin: 1.1em 0 0.4em; }
p, ul, ol { margin: 0.7em 0; }
ul { padding-left: 1.4em; }
a { color: #705dcf; }
code { background: #f5f5f5; color: #444; font: 0.85em "DejaVu Sans Mono", monospace; padding: 0.1em 0.3em; border-radius: 4px; }
pre { background: #f7f7f7; border-radius: 4px; padding: 12px 14px; overflow-x: auto; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100%; margin: 1em 0; }
th, td { border: 1px solid #e0e0e0; padding: 4px 10px; font-size: 0.92em; }
th { font-weight: 600; }
hr { border: 0; border-top: 2px solid #e0e0e0; }
.callout { background: rgba(var(--callout-color), 0.1); border-radius: 4px; margin: 1em 0; padding: 12px 12px 12px 24px; overflow: hidden; }
.callout-title { display: flex; gap: 6px; color: rgb(var(--callout-color)); font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
.callout-content { overflow-x: auto; overflow-wrap: anywhere; }
.callout-fold { margin-left: 4px; }
.metadata-container { border-bottom: 1px solid #eee; margin-bottom: 1.5em; padding-bottom: 6px; font-size: 14px; }
.metadata-properties-title { font-weight: 600; color: #5a5a5a; padding-bottom: 4px; }
.metadata-property { display: flex; gap: 8px; padding: 2px 0; border: 1px solid transparent; }
.metadata-property-key { flex: 0 0 9.5em; color: #5a5a5a; overflow: hidden; text-overflow: ellipsis; }
.metadata-property-value { flex: 1 1 auto; overflow-wrap: anywhere; min-width: 0; }
.multi-select-pill { background: rgba(112, 93, 207, 0.12); border-radius: 12px; padding: 0 8px; margin: 0 4px 2px 0; display: inline-block; }
@media (max-width: 600px) { .markdown-preview-view { padding: 16px 14px 32px; } .metadata-property-key { flex-basis: 7.5em; } }
`;
