/** The completion scripts, run by the shells themselves. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { SHELLS } from '../helpers/shells.ts';
import { testDir } from '../helpers/testdir.ts';
import { typed, typedHost } from '../helpers/typed.ts';

const ID = taskIdFromMessage('user@example.org', '<1@example.com>');

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of SHELLS) scripts[shell] = (await typed(['completion', shell])).out;
});

/** What stands in for `handover` when a script asks for ids. */
const SHIM = `#!/bin/sh\nprintf '%s\\tAnna - Offer\\n' ${ID}\n`;

/** How each shell is made to say what it offers behind `words`. */
const ASK: Record<string, (file: string, words: readonly string[]) => string[]> = {
  bash: (file, words) => [
    '-c',
    `source ${file}; COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _handover; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (file, words) => [
    '-fc',
    `compdef() { : }; _describe() { print -l -- "\${(@P)4}" }; compadd() { shift; print -l -- "$@" }; _files() { print -l FILES }
     source ${file}; words=(${words.map((w) => `'${w}'`).join(' ')}); CURRENT=${words.length}; _handover`,
  ],
  fish: (file, words) => ['--no-config', '-c', `source ${file}; complete -C '${words.join(' ')}'`],
};

async function offered(shell: string, words: readonly string[]): Promise<string[]> {
  const dir = await testDir({ script: scripts[shell] ?? '' });
  await writeFile(join(dir, 'handover'), SHIM);
  await chmod(join(dir, 'handover'), 0o755);
  const ask = ASK[shell]?.(join(dir, 'script'), words) ?? [];
  const { stdout } = await execa(shell, ask, {
    env: { PATH: `${dir}:/usr/bin:/bin`, HOME: dir },
    extendEnv: false,
    cwd: dir,
  });
  // zsh puts the words behind a colon, fish behind a tab.
  return stdout.split('\n').map((line) => line.split(/[:\t]/)[0] ?? '');
}

describe.each(SHELLS)('in %s', (shell) => {
  it('the verbs come first, and those of a group behind it', async () => {
    const verbs = await offered(shell, ['handover', '']);
    expect(verbs).toEqual(expect.arrayContaining(['approve', 'hold', 'release', 'sync', 'init']));
    expect(await offered(shell, ['handover', 'odoo', 'guard', ''])).toEqual(
      expect.arrayContaining(['install', 'check']),
    );
  });

  it('flags, and the words a flag takes', async () => {
    expect(await offered(shell, ['handover', 'resolve', '--'])).toEqual(
      expect.arrayContaining(['--sent', '--resend', '--json']),
    );
    expect(await offered(shell, ['handover', 'sync', 'apply', '--role', ''])).toEqual(['cloud', 'laptop']);
  });

  it('ids of tasks, asked for in the moment', async () => {
    expect(await offered(shell, ['handover', 'approve', ''])).toContain(ID);
    expect(await offered(shell, ['handover', 'ls', ''])).not.toContain(ID);
  });
});

describe('handover completion', () => {
  it('knows three shells, and says so of others', async () => {
    expect(await typed(['completion', 'powershell'])).toMatchObject({
      exit: 2,
      err: 'handover: say bash, zsh, fish\n',
    });
    expect(await typed(['completion', 'constructor'])).toMatchObject({ exit: 2 });
    const { out } = await typed(['completion', 'bash', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      shell: 'bash',
      script: expect.stringContaining('complete -F') as string,
    });
  });

  it('offers the ids that the verb takes now, two hundred at most, and nothing that a shell could read as more', async () => {
    const { vault, run, json } = await typedHost();
    const name = `Anna $(touch x)\u202e - \`id\` ${ID}.md`;
    await vault.create({ folder: 'Pending_Approval/email', name }, 'x');
    expect((await run(['completion', '--ids', 'approve'])).out).toBe(`${ID}\tAnna touch x U 202E - id\n`);
    expect((await run(['completion', '--ids', 'hold'])).out).toBe('\n');
    expect(await json('completion', '--ids', 'ls')).toMatchObject({ exit: 2 });
    for (let i = 0; i < 205; i++) {
      const id = taskIdFromMessage('user@example.org', `<${i}@many.example>`);
      await vault.create({ folder: 'Approved', name: `A ${id}.md` }, 'x');
    }
    const { answer } = await json('completion', '--ids', 'hold');
    expect(answer['tasks']).toHaveLength(200);
  });

  it('asks for ids only of verbs that take one', async () => {
    const verbs = [...(scripts['bash'] ?? '').matchAll(/--ids (\w+)/g)].map((match) => match[1] ?? '');
    expect(verbs.sort()).toEqual(['approve', 'hold', 'reject', 'release', 'resolve', 'show']);
    for (const verb of verbs) {
      expect((await typed(['completion', '--ids', verb])).err).not.toContain('takes no id');
    }
  });
});
