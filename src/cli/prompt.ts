/** Questions on a terminal. A secret is not echoed. */
import { createInterface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { Writable } from 'node:stream';

/** The user pressed Ctrl+C or Ctrl+D at a question. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

export interface Prompter {
  readonly ask: (question: string) => Promise<string>;
  readonly askSecret: (question: string) => Promise<string>;
}

export function prompter(input: ReadStream, output: WriteStream): Prompter {
  // Lines that were typed ahead, or pasted together: answers to the next questions.
  const ahead: string[] = [];
  const one = (question: string, secret: boolean): Promise<string> => {
    const next = ahead.shift();
    if (next !== undefined) {
      output.write(`${question}${secret ? '' : next}\n`);
      return Promise.resolve(next);
    }
    return readLine({ input, output, question, secret, ahead });
  };
  return { ask: (question) => one(question, false), askSecret: (question) => one(question, true) };
}

function readLine(deps: {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly question: string;
  readonly secret: boolean;
  readonly ahead: string[];
}): Promise<string> {
  const { input, output, question, secret, ahead } = deps;
  // readline echoes what is typed to its output: of a secret nothing may get there.
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Between two questions the terminal is in its usual mode, so that Ctrl+C stops the program.
  const lines = createInterface({ input, output: secret ? sink : output, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    let answer: string | null = null;
    lines.on('line', (line) => {
      if (answer !== null) {
        ahead.push(line);
        return;
      }
      answer = line;
      // After this turn: more lines of the same paste come in it.
      setImmediate(() => lines.close());
    });
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      if (secret || answer === null) output.write('\n');
      if (answer === null) reject(new Interrupted());
      else resolve(answer);
    });
    if (secret) output.write(question);
    else lines.setPrompt(question);
    if (!secret) lines.prompt();
  });
}
