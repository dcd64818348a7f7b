/**
 * What each shell wants to hear. All of it is our own words: the verbs, their flags, their summaries. The ids of tasks
 * come later, from `handover completion --ids <verb>`, when the key is pressed.
 */
import type { Flag, Place } from './command-tree.ts';

/** https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html */
export function bashScript(places: readonly Place[]): string {
  return `# bash completion for handover. Made by: handover completion bash
_handover() {
  local at="" cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${casePattern(places)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:$prev" in
${valueCases(places, {
  words: (flag) => `COMPREPLY=($(compgen -W ${quoted(flag.words.join(' '))} -- "$cur")); return ;;`,
  file: 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;',
  folder: 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;',
  any: 'return ;;',
})}
  esac
  case "$at" in
${places.map((place) => `    ${quoted(place.at)}) words=${bashWords(place)} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _handover handover
`;
}

function bashWords(place: Place): string {
  const fixed = [
    ...place.verbs.map(({ name }) => name),
    ...place.words,
    ...place.flags.map(({ long }) => long),
  ];
  const words = quoted(fixed.join(' '));
  return place.takesId ? `${words}" $(handover completion --ids${place.at} 2>/dev/null | cut -f1)"` : words;
}

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html */
export function zshScript(places: readonly Place[]): string {
  return `#compdef handover
# zsh completion for handover. Made by: handover completion zsh
_handover() {
  local at="" i line
  local -a verbs flags ids
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${casePattern(places)}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at:\${words[CURRENT - 1]}" in
${valueCases(places, {
  words: (flag) => `compadd -- ${flag.words.join(' ')}; return ;;`,
  file: '_files; return ;;',
  folder: '_files -/; return ;;',
  any: 'return ;;',
})}
  esac
  case "$at" in
${places.map(zshPlace).join('\n')}
  esac
  (( \${#verbs} )) && _describe -t verbs verb verbs
  (( \${#ids} )) && _describe -t tasks task ids
  [[ "\${words[CURRENT]}" == -* ]] && _describe -t flags flag flags
  return 0
}
if [ "\${funcstack[1]}" = "_handover" ]; then
  _handover "$@"
else
  compdef _handover handover
fi
`;
}

function zshPlace(place: Place): string {
  const pairs = [...place.verbs, ...place.words.map((name) => ({ name, about: '' }))];
  const verbs = pairs.map(({ name, about }) => quoted(`${name}:${about}`)).join(' ');
  const flags = place.flags.map(({ long, about }) => quoted(`${long}:${about}`)).join(' ');
  const ids = place.takesId
    ? ` ids=("\${(@f)$(handover completion --ids${place.at} 2>/dev/null | tr '\\t' ':')}"); ids=(\${ids:#});`
    : '';
  return `    ${quoted(place.at)}) verbs=(${verbs}); flags=(${flags});${ids} ;;`;
}

/** https://fishshell.com/docs/current/completions.html */
export function fishScript(places: readonly Place[]): string {
  const known = places.filter(({ at }) => at !== '').map(({ at }) => fishQuoted(at));
  return `# fish completion for handover. Made by: handover completion fish
function __handover_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${known.join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c handover -f
${places.flatMap(fishPlace).join('\n')}
`;
}

function fishPlace(place: Place): string[] {
  const here = `complete -c handover -n ${fishQuoted(`__handover_at ${fishQuoted(place.at)}`)}`;
  const words = [...place.verbs, ...place.words.map((name) => ({ name, about: '' }))];
  return [
    ...words.map(({ name, about }) => `${here} -a ${name}${about === '' ? '' : ` -d ${fishQuoted(about)}`}`),
    ...place.flags.map(
      (flag) => `${here} -l ${flag.long.slice(2)}${fishValue(flag)} -d ${fishQuoted(flag.about)}`,
    ),
    ...(place.takesId
      ? [`${here} -a ${fishQuoted(`(handover completion --ids${place.at} 2>/dev/null)`)}`]
      : []),
  ];
}

function fishValue(flag: Flag): string {
  switch (flag.value) {
    case 'none':
      return '';
    case 'words':
      return ` -x -a ${fishQuoted(flag.words.join(' '))}`;
    case 'folder':
      return " -x -a '(__fish_complete_directories)'";
    case 'file':
      return ' -r -F';
    case 'any':
      return ' -x';
  }
}

function casePattern(places: readonly Place[]): string {
  return places
    .filter(({ at }) => at !== '')
    .map(({ at }) => quoted(at))
    .join(' | ');
}

/** What may follow a flag that takes a value; the same shape of line in bash and zsh. */
function valueCases(
  places: readonly Place[],
  say: {
    readonly words: (flag: Flag) => string;
    readonly file: string;
    readonly folder: string;
    readonly any: string;
  },
): string {
  return places
    .flatMap((place) => place.flags.map((flag) => ({ place, flag })))
    .filter(({ flag }) => flag.value !== 'none')
    .map(({ place, flag }) => {
      const words = flag.value === 'words' ? say.words(flag) : flag.value === 'none' ? '' : say[flag.value];
      return `    ${quoted(`${place.at}:${flag.long}`)}) ${words}`;
    })
    .join('\n');
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
