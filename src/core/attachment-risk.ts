/** Files of strangers that do something when they are opened. A click on a link in Obsidian opens a file with its program. */

/**
 * What Gmail does not deliver (https://support.google.com/mail/answer/6590) and Outlook blocks (https://support.microsoft.com/office
 * "Blocked attachments in Outlook"), as far as it runs, installs, mounts or leads elsewhere; then what macOS and Linux start,
 * and pages that a browser runs from the disk.
 */
const RUNS = new Set(
  `ade adp apk app application appref-ms appx appxbundle asp aspx bas bat bgi cab chm cmd cnt com cpl crx csh diagcab diagcfg
  diagpkg dll dmg ex ex_ exe fxp gadget hlp hpj hta htc img inf ins iso isp its jar jnlp js jse ksh lib library-ms lnk mad maf
  mag mam maq mar mas mat mau mav maw mcf mda mde mdt mdw mdz mht mhtml mjs msc msh msh1 msh2 mshxml msi msix msixbundle msp mst
  msu nsh ops osd pcd pif pl plg prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 pssc pst py pyc pyo pyw pyz pyzw rdp reg
  scf scr sct search-ms searchconnector-ms settingcontent-ms shb shs sys theme themepack url vb vbe vbp vbs vhd vhdx vsmacros vsw
  vxd webpnp website ws wsc wsf wsh xbap xll xnk
  action command desktop inetloc fileloc pkg mpkg run scpt scptd sh bash zsh terminal tool webloc workflow appimage deb rpm flatpakref
  htm html shtml xht xhtml`.split(/\s+/),
);

const MACROS = new Set('docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm one'.split(' '));

export type AttachmentRisk = 'runs' | 'macros';

/** By the name's end, as programs go by it. */
export function attachmentRisk(name: string): AttachmentRisk | null {
  const ending = /\.([^.]{1,40})$/.exec(name.trim().replace(/[. ]+$/, ''))?.[1]?.toLowerCase() ?? '';
  if (RUNS.has(ending)) return 'runs';
  return MACROS.has(ending) ? 'macros' : null;
}

/** A line each for the card; names are shown by whoever puts them there, so none stand here. */
export function attachmentWarnings(names: readonly string[]): readonly string[] {
  const risks = names.map((name) => attachmentRisk(name));
  const runs = risks.filter((risk) => risk === 'runs').length;
  const macros = risks.filter((risk) => risk === 'macros').length;
  return [
    ...(runs === 0
      ? []
      : [
          `${counted(runs, 'attachment is a program or a page', 'attachments are programs or pages')} that would run when opened: saved with .txt at the end of the name.`,
        ]),
    ...(macros === 0
      ? []
      : [
          `${counted(macros, 'attachment may hold macros', 'attachments may hold macros')}: do not enable them.`,
        ]),
  ];
}

function counted(count: number, one: string, many: string): string {
  return count === 1 ? `One ${one}` : `${count} ${many}`;
}
