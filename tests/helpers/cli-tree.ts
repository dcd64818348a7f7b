import { runCli } from '../../src/cli/run-cli.ts';
import { PROJECT } from './source-tree.ts';

export interface CliCommand {
  /** Such as `sync apply`; '' for `handover` itself. */
  readonly path: string;
  readonly children: readonly CliCommand[];
  /** Long ones, with the two hyphens. */
  readonly flags: ReadonlySet<string>;
}

/** What the command line knows, read from its own help as a user would. */
export async function cliTree(path: readonly string[] = []): Promise<CliCommand> {
  const said: string[] = [];
  const hear = (words: string): void => void said.push(words);
  await runCli([...path, '--help'], { cwd: PROJECT, out: hear, err: hear });
  const help = said.join('');
  const section = (title: string): string =>
    new RegExp(`^${title}:\\n((?: .*\\n|\\n(?= ))*)`, 'm').exec(`${help}\n`)?.[1] ?? '';
  const names = [...section('Commands').matchAll(/^ {2}([a-z]+)(?: |$)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
  const children: CliCommand[] = [];
  for (const name of names) children.push(await cliTree([...path, name]));
  const flags = [...section('Options').matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z-]*)/gm)].map(
    ([, flag = '']) => flag,
  );
  return { path: path.join(' '), children, flags: new Set(flags) };
}

/** What is wrong with one line that calls `handover`; null: it could be typed like that. `words`: what follows the name. */
export function faultOfCall(tree: CliCommand, words: readonly string[]): string | null {
  let at = tree;
  let used = 0;
  while (at.children.length > 0 && used < words.length) {
    const child = at.children.find((one) => one.path.split(' ').at(-1) === words[used]);
    if (!child) break;
    at = child;
    used += 1;
  }
  const rest = words.slice(used);
  const [next] = rest;
  if (at.children.length > 0 && next !== undefined && /^[a-z]/.test(next)) {
    return `handover ${at.path} knows no "${next}"`.replace('  ', ' ');
  }
  const odd = rest
    .map((word) => /^--[a-z][a-z-]*/.exec(word)?.[0])
    .find((flag) => flag && !at.flags.has(flag));
  return odd === undefined ? null : `handover ${at.path} knows no ${odd}`;
}
