/** sysexits(3): what a process says to PM2 and to scripts. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** EX_CONFIG: will not get better by restarting; PM2's `stop_exit_codes` holds it. */
  config: 78,
} as const;
