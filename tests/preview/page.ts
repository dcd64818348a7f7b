/**
 * A note as Obsidian shows it in reading view, near enough to judge a card by: properties, callouts (folded ones too), links
 * by name, line breaks as they are typed, code, tables. The element names and classes are Obsidian's where the vault's own
 * snippet asks for them, so that the picture shows what the snippet does.
 */
import MarkdownIt from 'markdown-it';
import { type FrontMatter, splitFrontMatter } from '../../src/core/front-matter.ts';
import { LOOK } from './look.ts';

/** Colours of Obsidian's default theme, by the types that https://help.obsidian.md/callouts lists. */
const CALLOUTS: Readonly<Record<string, { readonly rgb: string; readonly sign: string }>> = {
  todo: { rgb: '8, 109, 221', sign: '✓' },
  info: { rgb: '8, 109, 221', sign: 'ℹ' },
  tip: { rgb: '0, 191, 188', sign: '✦' },
  success: { rgb: '8, 185, 78', sign: '✔' },
  question: { rgb: '236, 117, 0', sign: '?' },
  warning: { rgb: '236, 117, 0', sign: '⚠' },
  failure: { rgb: '233, 49, 71', sign: '✘' },
  danger: { rgb: '233, 49, 71', sign: '⚡' },
  quote: { rgb: '158, 158, 158', sign: '❝' },
};

const CALLOUT = /^\[!([a-z]+)(?:\|([a-z ]+))?\]([-+]?) ?(.*)$/;

/** A whole page. @param title the file's name, which Obsidian shows above the note. */
export function notePage(title: string, source: string, snippet: string): string {
  const split = splitFrontMatter(source);
  const [data, body] = split.ok ? [split.data, split.body] : [{}, source];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${LOOK}</style><style>${snippet}</style></head>
<body class="theme-light"><div class="workspace-leaf-content"><div class="markdown-preview-view">
<h1 class="inline-title">${escape(title)}</h1>
${properties(data)}
${renderBody(body)}
</div></div></body></html>`;
}

function properties(data: FrontMatter): string {
  const rows = Object.entries(data).map(([key, value]) => {
    const shown = Array.isArray(value)
      ? value.map((one) => `<span class="multi-select-pill">${escape(String(one))}</span>`).join('')
      : value === true || value === false
        ? `<input type="checkbox" ${value ? 'checked' : ''}>`
        : escape(String(value ?? ''));
    return `<div class="metadata-property" data-property-key="${escape(key)}"><div class="metadata-property-key">${escape(key)}</div><div class="metadata-property-value">${shown}</div></div>`;
  });
  if (rows.length === 0) return '';
  return `<div class="metadata-container"><div class="metadata-properties-title">Properties</div>${rows.join('')}</div>`;
}

/** The body alone. HTML in a note is shown as text here; what Obsidian does with it, no card may depend on. */
function renderBody(body: string): string {
  return callouts(body.split('\n'));
}

const md = new MarkdownIt({ html: false, breaks: true, linkify: true }).use(wikiLinks);

function callouts(lines: readonly string[]): string {
  const out: string[] = [];
  let plain: string[] = [];
  const flush = () => {
    out.push(md.render(plain.join('\n')));
    plain = [];
  };
  let fence = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const mark = /^(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence !== '') {
      if (mark.startsWith(fence)) fence = '';
    } else if (mark !== '') fence = mark;
    else if (line.startsWith('>') && CALLOUT.test(unquoted(line))) {
      flush();
      const inside = [unquoted(line)];
      while ((lines[at + 1] ?? '').startsWith('>')) inside.push(unquoted(lines[(at += 1)] ?? ''));
      out.push(callout(inside));
      continue;
    }
    plain.push(line);
  }
  flush();
  return out.join('\n');
}

function unquoted(line: string): string {
  return line.replace(/^> ?/, '');
}

function callout([head = '', ...inside]: readonly string[]): string {
  const [, type = 'info', meta = '', fold = '', title = ''] = CALLOUT.exec(head) ?? [];
  const look = CALLOUTS[type] ?? { rgb: '8, 109, 221', sign: '✎' };
  const content =
    fold === '-' || inside.length === 0 ? '' : `<div class="callout-content">${callouts(inside)}</div>`;
  const arrow = fold === '' ? '' : `<div class="callout-fold">${fold === '-' ? '›' : '⌄'}</div>`;
  return `<div class="callout" data-callout="${type}" data-callout-metadata="${escape(meta)}" data-callout-fold="${fold}" style="--callout-color: ${look.rgb}"><div class="callout-title"><div class="callout-icon">${look.sign}</div><div class="callout-title-inner">${md.renderInline(title)}</div>${arrow}</div>${content}</div>`;
}

/** `[[name]]`, `[[path|shown]]`. */
function wikiLinks(parser: MarkdownIt): void {
  parser.inline.ruler.before('link', 'wiki', (state, silent) => {
    const found = /^\[\[([^[\]|]{1,300})(?:\|([^[\]]{1,300}))?\]\]/.exec(state.src.slice(state.pos));
    if (!found) return false;
    if (!silent) {
      const open = state.push('link_open', 'a', 1);
      open.attrs = [
        ['class', 'internal-link'],
        ['href', '#'],
      ];
      state.push('text', '', 0).content = found[2] ?? found[1] ?? '';
      state.push('link_close', 'a', -1);
    }
    state.pos += found[0].length;
    return true;
  });
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? '&quot;');
}
