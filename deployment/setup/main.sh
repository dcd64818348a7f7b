#!/usr/bin/env bash
# The way from a bare machine to running processes. Sourced by cloud/setup.sh and local/setup.sh, which set HANDOVER_ROLE.
# Everything may be run again: what is there is left, and a run that finds all as it should be changes nothing.

setup_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$setup_dir/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$setup_dir/common.sh"
# shellcheck source-path=SCRIPTDIR source=program.sh
. "$setup_dir/program.sh"
# shellcheck source-path=SCRIPTDIR source=sync.sh
. "$setup_dir/sync.sh"
# shellcheck source-path=SCRIPTDIR source=services.sh
. "$setup_dir/services.sh"

usage() {
  cat <<'TEXT'
usage: setup.sh [flags]

  --yes               ask nothing; do it
  --dry-run           say what would be done, and stop
  --settings FILE     lines KEY=value for .env (keys as in .env.example); what is set there already and differs is
                      replaced. Without it .env is asked for on a terminal, or left to be filled in.
  --vault FOLDER      the vault (cloud: /var/lib/handover/Vault; laptop: Vault in the home folder)
  --state FOLDER      the state folder, outside the vault
  --user NAME         who runs the processes (cloud: handover; laptop: who typed sudo)
  --peer ID[@ADDRESS] the other machine: its Syncthing device, and where it is reached if it shall not be looked for
                      (tcp://cloud.example.org:22000). The other machine's setup.sh prints it.
  --direct            Syncthing asks no public server where the other machine is: for two machines of which one has
                      a fixed address. Only for a Syncthing that this script makes.
  --alone             laptop only: one machine does everything, without Syncthing
  --no-start          set everything up and start nothing
  --help

Exit: 0 all well · 1 not done, the reason is above · 2 flags are wrong · 3 set up, but `handover doctor` finds something.
TEXT
}

# At the end of the script's own flags; defaults come with `recall` or below.
parse() {
  role=$HANDOVER_ROLE yes='' dry_run='' settings='' wish_vault='' wish_state='' wish_user='' wish_peer='' direct=''
  wish_alone='' start=yes
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) yes=yes ;;
      --dry-run) dry_run=yes ;;
      --settings | --vault | --state | --user | --peer)
        [ $# -ge 2 ] || usage_fault "$1 needs a value"
        case $1 in
          --settings) settings=$2 ;;
          --vault) wish_vault=$2 ;;
          --state) wish_state=$2 ;;
          --user) wish_user=$2 ;;
          --peer) wish_peer=$2 ;;
        esac
        shift
        ;;
      --direct) direct=yes ;;
      --alone) wish_alone=yes ;;
      --no-start) start='' ;;
      -h | --help) usage && exit 0 ;;
      *) usage_fault "unknown: $1" ;;
    esac
    shift
  done
  [ "$role" = laptop ] || [ -z "$wish_alone" ] || usage_fault '--alone is for the laptop'
  [ -z "$settings" ] || [ -r "$settings" ] || usage_fault "--settings: $settings cannot be read"
}

usage_fault() {
  printf 'handover: %s (setup.sh --help)\n' "$1" >&2
  exit 2
}

# Flags, then what the last run knew, then what is usual.
decide() {
  vault='' state='' user='' user_home='' alone='' peer='' peer_address=''
  local last=${HANDOVER_PREFIX:-/opt/handover}
  ! is_macos || last=${HANDOVER_PREFIX:-$HOME/Library/Handover}
  local now=$role
  if recall "$last"; then
    [ "$role" = "$now" ] || die "this machine is set up as the $role; deployment/uninstall.sh first"
  fi
  if [ -n "$wish_user" ]; then user=$wish_user; fi
  if [ -z "$user" ]; then
    if [ "$role" = cloud ]; then user=handover; else user=${SUDO_USER:-$(id -un)}; fi
  fi
  case $user in
    *[!a-z0-9_-]* | '' | -*) die '--user: a name of small letters, digits, _ and -' ;;
  esac
  [ "$role" = cloud ] || [ "$user" != root ] || die 'say --user NAME: the processes do not run as root'
  if id "$user" >/dev/null 2>&1; then
    user_home=$(eval echo "~$user")
  elif [ "$role" = cloud ]; then
    user_home=/var/lib/$user
  else
    die "there is no user $user"
  fi
  if [ "$role" = cloud ]; then
    vault=${wish_vault:-${vault:-$user_home/Vault}} state=${wish_state:-${state:-$user_home/state}}
  else
    vault=${wish_vault:-${vault:-$user_home/Vault}}
    state=${wish_state:-${state:-$user_home/.local/state/handover}}
  fi
  check_path --vault "$vault"
  check_path --state "$state"
  [ -z "$wish_alone" ] || alone=yes
  if [ -n "$wish_peer" ]; then
    peer=${wish_peer%%@*} peer_address=''
    case $wish_peer in *@*) peer_address=${wish_peer#*@} ;; esac
  fi
  [ -z "$peer" ] || is_device "$peer" || die '--peer: a Syncthing device id, eight groups of seven letters and digits'
  case $peer_address in
    '' | tcp://* | quic://*) : ;;
    *) die '--peer: the address behind @ begins with tcp:// or quic://' ;;
  esac
  case $peer_address in *[!A-Za-z0-9:/.\[\]_-]*) die '--peer: this is no address' ;; esac
  layout
}

plan() {
  say "Handover on this machine as the $([ -n "$alone" ] && echo 'one machine that does everything' || echo "$role")"
  say "  user       $user$(id "$user" >/dev/null 2>&1 || echo ' (is made, without login)')"
  say "  program    $prefix"
  say "  settings   $base/.env"
  say "  vault      $vault"
  say "  state      $state"
  say "  Syncthing  $([ -n "$alone" ] && echo 'not used' || echo "yes${peer:+, with ${peer%%-*}…${peer_address:+ at $peer_address}}")"
  say "  at boot    $(boot_words)"
}

main() {
  parse "$@"
  decide
  plan
  [ -z "$dry_run" ] || exit 0
  is_macos || [ "$(id -u)" = 0 ] || die 'run it with sudo: it installs packages and a service'
  if [ -z "$yes" ]; then
    [ -t 0 ] || die 'nobody to ask: add --yes'
    printf 'Go on? [y/N] '
    read -r answer
    case $answer in y | Y | yes) : ;; *) die 'nothing was changed' ;; esac
  fi
  umask 022
  step 'Packages'
  packages
  step 'User and folders'
  make_user
  step 'Program'
  install_program
  [ -n "$alone" ] || { step 'Syncthing' && make_syncthing; }
  step 'Vault and settings'
  fill_in
  [ -n "$alone" ] || { step 'Share' && share; }
  step 'Start at boot'
  install_services
  remember
  if [ -n "$start" ]; then
    step 'Processes'
    start_processes
  fi
  tell
}

make_user() {
  if ! id "$user" >/dev/null 2>&1; then
    useradd --system --user-group --create-home --home-dir "$user_home" --shell /usr/sbin/nologin "$user"
    changed "user $user"
  fi
  local group
  group=$(id -gn "$user")
  if [ "$role" = cloud ]; then
    # Its home holds the vault, the state and the keys: nobody else looks in.
    [ "$(stat -c %a "$user_home")" = 700 ] || { chmod 700 "$user_home" && changed "$user_home: for $user alone"; }
  fi
  [ "$base" = "$user_home" ] || {
    folder "$(dirname "$base")" "$user:$group" 700
    folder "$base" "$user:$group" 700
  }
  folder "$pm2_home" "$user:$group" 700
}

# Vault, state folder and .env by `handover init`, then what is known here and what --settings says.
fill_in() {
  local -a flags=(--vault "$vault" --state "$state" --no-next)
  # With another machine the notes come from the laptop; newer ones of the template would win over them.
  if [ "$role" = cloud ] && [ -z "$alone" ]; then flags+=(--folders-only); fi
  local missing
  missing=$([ -f "$base/.env" ] || echo yes)
  if [ -n "$missing" ] && [ -z "$yes" ] && [ -z "$settings" ]; then
    local as=$role
    [ -z "$alone" ] || as=both
    [ -z "$peer" ] || flags+=(--syncthing-peer-device "$peer")
    handover init --role "$as" "${flags[@]}" </dev/tty
  else
    handover init "${flags[@]}" --yes </dev/null
  fi
  [ -z "$missing" ] || changed "$base/.env, the vault and the state folder"
  set_keys --if-empty <<KEYS
TIMEZONE=$(machine_zone)
KEYS
  [ -n "$alone" ] || set_keys <<<'SYNC=syncthing'
  [ -z "$settings" ] || set_keys <"$settings"
}

# Lines KEY=value from stdin into .env; says which keys changed, never a value.
set_keys() {
  local -a words=("$node" "$setup_dir/set-keys.mjs" "$base/.env" "$role$([ -z "$alone" ] || echo -alone)" "$@")
  local said
  said=$("${words[@]}") || die 'the settings were not taken, see above'
  [ -z "$said" ] || changed ".env: $said"
}

machine_zone() {
  local zone
  zone=$(cat /etc/timezone 2>/dev/null || readlink /etc/localtime 2>/dev/null | sed 's,.*/zoneinfo/,,' || :)
  echo "${zone:-UTC}"
}

tell() {
  local doctor=0
  if [ -n "$start" ]; then
    step 'handover doctor'
    handover doctor || doctor=$?
  fi
  step 'What is left'
  if [ "$changes" -eq 0 ]; then say 'Nothing was changed: all was as it should be.'; else say "$changes changes."; fi
  [ -n "$alone" ] || tell_pairing
  say "Settings: $base/.env (after a change: sudo handover-services restart)."
  say 'Look: handover doctor · handover-pm2 status · Dashboard.md in the vault.'
  [ "$doctor" -eq 0 ] || {
    say 'handover doctor found something; what to do stands behind its arrows.'
    exit 3
  }
}
