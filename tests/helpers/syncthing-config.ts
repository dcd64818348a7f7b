export interface SharedFolder {
  readonly id: string;
  readonly path: string;
  /** Ids of every device that has it, the own one among them. */
  readonly devices: readonly string[];
  readonly watcherDelayS: number;
}

export interface Peer {
  readonly id: string;
  readonly name: string;
  /** Where this node dials it; null: it waits to be dialled. */
  readonly dial: string | null;
}

export interface SyncthingConfig {
  /** Of the format, as `syncthing generate` wrote it: 36 in 1.19.2, 37 in 1.29.5. */
  readonly version: string;
  readonly id: string;
  readonly name: string;
  readonly guiPort: number;
  readonly port: number;
  readonly apiKey: string;
  readonly peers: readonly Peer[];
  readonly folders: readonly SharedFolder[];
}

/**
 * A configuration that reaches nobody but the devices it names: no discovery, relays, NAT, updates or reports.
 * A folder written by hand does not get Syncthing's defaults for what is left out, so `maxConflicts` is there:
 * with the 0 it would get, an edit that loses is thrown away without a conflict copy.
 */
export function syncthingConfig(c: SyncthingConfig): string {
  return `<configuration version="${c.version}">
${c.folders.map(folder).join('')}${device(c.id, c.name, 'dynamic')}${c.peers
  .map((peer) => device(peer.id, peer.name, peer.dial ?? 'dynamic'))
  .join('')} <gui enabled="true" tls="false">
  <address>127.0.0.1:${c.guiPort}</address>
  <apikey>${c.apiKey}</apikey>
 </gui>
 <options>
  <listenAddress>tcp://127.0.0.1:${c.port}</listenAddress>
  <globalAnnounceEnabled>false</globalAnnounceEnabled>
  <localAnnounceEnabled>false</localAnnounceEnabled>
  <relaysEnabled>false</relaysEnabled>
  <natEnabled>false</natEnabled>
  <startBrowser>false</startBrowser>
  <urAccepted>-1</urAccepted>
  <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
  <crashReportingEnabled>false</crashReportingEnabled>
  <stunKeepaliveStartS>0</stunKeepaliveStartS>
  <reconnectionIntervalS>5</reconnectionIntervalS>
  <setLowPriority>false</setLowPriority>
  <progressUpdateIntervalS>-1</progressUpdateIntervalS>
 </options>
</configuration>
`;
}

/** As `sync apply` makes it, or with the watcher delay and the care about case that Syncthing ships with. */
function folder(f: SharedFolder): string {
  return ` <folder id="${f.id}" label="${f.id}" path="${f.path}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="${f.watcherDelayS}" ignorePerms="false" autoNormalize="true">
${f.devices.map((id) => `  <device id="${id}"/>\n`).join('')}  <minDiskFree unit="%">0</minDiskFree>
  <maxConflicts>10</maxConflicts>
  <copyRangeMethod>standard</copyRangeMethod>
  <caseSensitiveFS>${f.watcherDelayS === 1}</caseSensitiveFS>
 </folder>
`;
}

function device(id: string, name: string, address: string): string {
  return ` <device id="${id}" name="${name}" compression="metadata"><address>${address}</address></device>\n`;
}
