/** sysexits(3): what a process says to PM2 and to scripts. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** `handover doctor` alone: 1 is a warning there, this something that does not work. */
  faults: 3,
  /** EX_CONFIG: will not get better by restarting; PM2's `stop_exit_codes` holds it. */
  config: 78,
} as const;
