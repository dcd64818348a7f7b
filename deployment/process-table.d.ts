/** A process as PM2 takes it. */
export interface App {
  readonly name: string;
  readonly script: string;
  readonly cwd: string;
  readonly kill_timeout: number;
  /** PM2 leaves out variables whose name contains one of these. */
  readonly filter_env: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function cloudApps(): App[];
export function localApps(): App[];
/** Both tables for one machine; a process of both hosts once. */
export function bothApps(): App[];
