import { EXIT } from '../runtime/exit-codes.ts';

/** What `handover` says to scripts; the same numbers as the processes say to PM2. */
export const EXIT_WORDS = [
  [EXIT.ok, 'done, or nothing found'],
  [EXIT.failure, 'a finding, or it could not be done; the reason is on the error output'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.faults, 'doctor alone: something does not work (1 is a warning there)'],
  [EXIT.config, 'the configuration is missing or wrong'],
] as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
