import { spawnSync } from 'node:child_process';

/** What the linter of shell scripts says of these files and those they source; '' when it finds nothing. */
export function shellcheck(files: readonly string[]): string {
  const { stdout, error } = spawnSync('/usr/bin/shellcheck', ['-x', '-P', 'SCRIPTDIR', ...files], {
    encoding: 'utf8',
  });
  if (error) throw error;
  return stdout;
}
