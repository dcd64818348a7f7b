import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ShortNotice } from '../core/notices.ts';

const TIMEOUT_MS = 10_000;

export class DesktopFault extends Error {}

export interface DesktopCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * Without a shell; title and text are arguments and never part of a script. Null: no desktop is known for this
 * kind of system.
 */
export function desktopCommand(platform: NodeJS.Platform, notice: ShortNotice): DesktopCommand | null {
  const { title, text, urgent } = notice;
  if (platform === 'darwin') {
    const script = [
      'on run argv',
      'display notification (item 2 of argv) with title (item 1 of argv)',
      'end run',
    ];
    return { file: 'osascript', args: [...script.flatMap((line) => ['-e', line]), title, text] };
  }
  if (platform !== 'linux') return null;
  const urgency = `--urgency=${urgent ? 'critical' : 'normal'}`;
  return { file: 'notify-send', args: ['--app-name=Handover', urgency, '--', title, text] };
}

/** A process that started with the machine knows nothing of the session; its bus lies where systemd puts it. */
export function desktopEnvironment(
  environment: Readonly<Record<string, string>>,
  uid: number | undefined,
  exists: (path: string) => boolean = existsSync,
): Record<string, string> {
  const known: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS']) {
    const value = environment[name];
    if (value !== undefined) known[name] = value;
  }
  const bus = `/run/user/${uid ?? 0}/bus`;
  if (known['DBUS_SESSION_BUS_ADDRESS'] === undefined && uid !== undefined && exists(bus)) {
    known['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${bus}`;
  }
  return known;
}

/** @throws DesktopFault with words for the user */
export async function showOnDesktop(
  notice: ShortNotice,
  environment: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  const command = desktopCommand(platform, notice);
  if (command === null) throw new DesktopFault('this system has none that Handover knows');
  const env = desktopEnvironment(environment, process.getuid?.());
  await new Promise<void>((resolve, reject) => {
    execFile(command.file, command.args, { env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }, (error) => {
      if (!error) resolve();
      else reject(new DesktopFault(faultWords(command.file, error)));
    });
  });
}

function faultWords(file: string, error: { readonly code?: unknown }): string {
  if (error.code !== 'ENOENT') return `${file} failed: is somebody logged in to the desktop?`;
  return file === 'notify-send' ? 'notify-send is missing: install libnotify-bin' : `${file} is missing`;
}
