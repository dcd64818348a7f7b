/** What script(1) recorded, as pieces in time and as lines of a terminal. Pure. */

/**
 * @param {Buffer} output as `script --log-out` wrote it: a header line, the bytes, a footer
 * @param {string} timing as `script --log-timing` wrote it: `<seconds since the last> <bytes>` a line, also `O <s> <n>`
 * @returns {{ at: number, text: string }[]} `at` in seconds; a character is never cut in two
 */
export function eventsOf(output, timing) {
  const start = output.indexOf('\n') + 1;
  const decoder = new TextDecoder();
  const events = [];
  let [at, offset] = [0, start];
  for (const line of timing.split('\n')) {
    const match = /^(?:O )?(\d+\.\d+) (\d+)$/.exec(line);
    if (!match) continue;
    at += Number(match[1]);
    const end = offset + Number(match[2]);
    const text = decoder.decode(output.subarray(offset, end), { stream: true });
    offset = end;
    if (text !== '') events.push({ at, text });
  }
  return events;
}

/**
 * The demo writes lines and never goes back, so a terminal is a list of lines, each complete at a moment.
 * @param {readonly { at: number, text: string }[]} events
 * @returns {{ at: number, runs: { style: string, text: string }[] }[]} style: SGR parameters, '' for none
 */
export function linesOf(events) {
  const lines = [];
  let runs = [];
  let style = '';
  const put = (text) => {
    if (text !== '') runs.push({ style, text });
  };
  for (const { at, text } of events) {
    for (const part of text.split(/(\x1b\[[\d;]*m|\r?\n)/)) {
      const sgr = /^\x1b\[([\d;]*)m$/.exec(part);
      if (sgr) style = sgr[1] === '0' ? '' : (sgr[1] ?? '');
      else if (/^\r?\n$/.test(part)) {
        lines.push({ at, runs });
        runs = [];
      } else put(part);
    }
  }
  if (runs.length > 0) lines.push({ at: events.at(-1)?.at ?? 0, runs });
  return lines;
}
