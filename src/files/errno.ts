/** The system's error name (`ENOENT`), or undefined for anything that is no system error. */
export function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
