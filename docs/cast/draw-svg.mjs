/** Lines of a terminal as one SVG that scrolls by itself: CSS alone, no script, so that it plays inside an <img>. Pure. */

const CHAR = 8.4;
const LINE = 18;
const PAD = 16;
const BAR = 30;
/** Of the first line; the one above it, when it has gone, must not peep out. */
const BASE = 13;
/** Of the dark terminal. */
const COLOURS = {
  back: '#16181d',
  bar: '#22252c',
  text: '#d7dae0',
  31: '#e0796d',
  32: '#8fc07b',
  33: '#e0b65c',
  36: '#5fb9c9',
};
/** So long the last picture stands before it begins anew. */
const REST_S = 6;
/** Nobody reads faster: a line at a time, however fast it came. */
const MIN_LINE_S = 0.09;

/**
 * @param {readonly { at: number, runs: readonly { style: string, text: string }[] }[]} lines
 * @param {{ columns: number, rows: number, maxPause: number }} size
 */
export function drawSvg(lines, { columns, rows, maxPause }) {
  const width = Math.ceil(columns * CHAR + 2 * PAD);
  const height = BAR + rows * LINE + 2 * PAD;
  const times = paced(lines, maxPause);
  const total = (times.at(-1) ?? 0) + REST_S;
  const percent = (seconds) => ((100 * seconds) / total).toFixed(2);
  // Line n appears at its time; the sheet moves up when there is no more room below.
  const shows = lines.map(
    (_, n) =>
      `@keyframes l${n}{0%,${percent(times[n])}%{opacity:0}${percent(times[n] + 0.01)}%,100%{opacity:1}}`,
  );
  const moves = lines.flatMap((_, n) =>
    n < rows ? [] : [`${percent(times[n])}%{transform:translateY(${-(n - rows + 1) * LINE}px)}`],
  );
  const style = [
    'text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}',
    ...shows,
    `@keyframes up{0%{transform:translateY(0)}${moves.join('')}100%{transform:translateY(${-Math.max(0, lines.length - rows) * LINE}px)}}`,
    `.up{animation:up ${total.toFixed(2)}s step-end infinite}`,
    ...lines.map((_, n) => `.l${n}{animation:l${n} ${total.toFixed(2)}s step-end infinite}`),
    // Who wants no motion sees the end.
    `.up{transform:translateY(${-Math.max(0, lines.length - rows) * LINE}px)}`,
    '@media (prefers-reduced-motion:reduce){text,.up{animation:none!important}}',
  ].join('\n');
  const texts = lines.flatMap(({ runs }, n) => (runs.length === 0 ? [] : [textLine(runs, n)]));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A recording of npm run demo">
<style>
${style}
</style>
<rect width="${width}" height="${height}" rx="8" fill="${COLOURS.back}"/>
<path d="M8 0H${width - 8}a8 8 0 0 1 8 8V${BAR}H0V8a8 8 0 0 1 8-8" fill="${COLOURS.bar}"/>
<text x="${width / 2}" y="20" text-anchor="middle" fill="#8b909c">npm run demo</text>
<svg x="0" y="${BAR + PAD / 2}" width="${width}" height="${rows * LINE + PAD}">
<g class="up" fill="${COLOURS.text}">
${texts.join('\n')}
</g>
</svg>
</svg>
`;
}

/** @returns {number[]} seconds at which each line is shown */
function paced(lines, maxPause) {
  const times = [];
  let [shown, before] = [0.5, 0];
  for (const { at } of lines) {
    shown += Math.min(Math.max(at - before, MIN_LINE_S), maxPause);
    before = at;
    times.push(shown);
  }
  return times;
}

function textLine(runs, n) {
  const spans = runs.map(({ style, text }) => `<tspan${attributes(style)}>${escaped(text)}</tspan>`);
  return `<text class="l${n}" x="${PAD}" y="${BASE + n * LINE}" xml:space="preserve">${spans.join('')}</text>`;
}

/** SGR: 1 bold, 2 faint, 3x a colour. */
function attributes(style) {
  const codes = style.split(';');
  const colour = codes.map((code) => COLOURS[code]).find((one) => one !== undefined);
  return [
    codes.includes('1') ? ' font-weight="bold"' : '',
    codes.includes('2') ? ' opacity="0.55"' : '',
    colour === undefined ? '' : ` fill="${colour}"`,
  ].join('');
}

/** XML 1.0, section 2.4; what is no character of XML is left out. */
function escaped(text) {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
