import { watch } from 'chokidar';

export interface FolderWatch {
  close(): Promise<void>;
}

const TEMPORARY = /(^|\/)(\.syncthing\..*\.tmp|~syncthing~.*\.tmp|\.handover-[^/]*)$/;

/**
 * Event kinds cannot be trusted (an update by Syncthing shows as `change`, `unlink` or both; short-lived
 * files are lost: measured), so every event only says "look again". `atomic: false`: chokidar would hold
 * an unlink back for 100 ms to see whether it was an editor's save, and a look costs less.
 */
export async function watchFolders(paths: readonly string[], onHint: () => void): Promise<FolderWatch> {
  const watcher = watch([...paths], {
    depth: 0,
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    ignored: (path) => TEMPORARY.test(path),
  });
  watcher.on('all', onHint);
  // A watch that breaks (limit of inotify watches, folder replaced) costs latency, never a task.
  watcher.on('error', onHint);
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return { close: () => watcher.close() };
}
