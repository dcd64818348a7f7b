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
 * @param {number} columns a longer line goes on in the next
 * @returns {{ at: number, runs: { style: string, text: string }[] }[]} style: SGR parameters, '' for none
 */
export function linesOf(events, columns) {
  const lines = [];
  let runs = [];
  let style = '';
  let used = 0;
  const end = (at) => {
    lines.push({ at, runs });
    [runs, used] = [[], 0];
  };
  const put = (at, text) => {
    let rest = [...text];
    while (rest.length > 0) {
      if (used === columns) end(at);
      const room = columns - used;
      runs.push({ style, text: rest.slice(0, room).join('') });
      used += Math.min(room, rest.length);
      rest = rest.slice(room);
    }
  };
  for (const { at, text } of events) {
    for (const part of text.split(/(\x1b\[[\d;]*m|\r?\n)/)) {
      const sgr = /^\x1b\[([\d;]*)m$/.exec(part);
      if (sgr) style = sgr[1] === '0' ? '' : (sgr[1] ?? '');
      else if (/^\r?\n$/.test(part)) end(at);
      else put(at, part);
    }
  }
  if (runs.length > 0) end(events.at(-1)?.at ?? 0);
  return lines;
}
