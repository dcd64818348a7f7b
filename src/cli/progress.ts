/** One line on the error output that says what a long verb is at; only for a terminal, and gone before the answer. */

export interface Progress {
  /** From now on the verb of this name works. */
  begin(name: string): void;
  /** What it is at. */
  doing(words: string): void;
  /** Somebody is asked, or something else is written: no line until `resume`. */
  pause(): void;
  resume(): void;
  end(): void;
}

/** Shorter work shows nothing. */
const FIRST_MS = 1000;

/** `show(null)` takes the line away. */
export function progress(show: ((line: string | null) => void) | undefined, now: () => number): Progress {
  if (show === undefined) return SILENT;
  let words = '';
  let since = 0;
  let shown = false;
  let paused = false;
  let timer: NodeJS.Timeout | null = null;
  const clear = (): void => {
    if (shown) show(null);
    shown = false;
  };
  const draw = (): void => {
    if (paused) return;
    shown = true;
    show(`${words} ... ${Math.round((now() - since) / 1000)} s`);
  };
  return {
    begin: (name) => {
      words = name;
      since = now();
      timer = setInterval(draw, FIRST_MS);
      timer.unref();
    },
    doing: (next) => {
      words = next;
      if (shown) draw();
    },
    pause: () => {
      paused = true;
      clear();
    },
    resume: () => {
      paused = false;
    },
    end: () => {
      if (timer !== null) clearInterval(timer);
      timer = null;
      clear();
    },
  };
}

const nothing = (): void => undefined;
const SILENT: Progress = { begin: nothing, doing: nothing, pause: nothing, resume: nothing, end: nothing };
