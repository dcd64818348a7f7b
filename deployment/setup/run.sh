#!/usr/bin/env bash
# What /usr/local/bin/handover, handover-pm2 and handover-services are: the right user, the right Node, the right .env.
#   run.sh handover VERB ...
#   run.sh pm2 status|logs|...
#   run.sh services start|stop|restart|status|back
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=program.sh
. "$here/program.sh"
# shellcheck source-path=SCRIPTDIR source=services.sh
. "$here/services.sh"

# releases/<name>/deployment/setup
prefix=$(cd "$here/../../../.." && pwd -P)
role='' user='' user_home='' alone=''
recall "$prefix" || die 'this machine is not set up yet: deployment/cloud/setup.sh or deployment/local/setup.sh'
HANDOVER_PREFIX=$prefix
layout

what=${1:-}
[ $# -eq 0 ] || shift
[ "$(id -un)" = "$user" ] || [ "$(id -u)" = 0 ] || die "the files are ${user}'s alone: put sudo before it"

# The caller's environment and folder stay, but for what says where things lie.
with_environment() {
  local -a words=(env "HOME=$user_home" "PATH=$run_path" "PM2_HOME=$pm2_home" PM2_DISCRETE_MODE=true
    PM2_DISABLE_VERSION_CHECK=true "ENV_FILE=${ENV_FILE:-$base/.env}" "$node" "$@")
  if [ "$(id -un)" = "$user" ]; then exec "${words[@]}"; else exec runuser -u "$user" -- "${words[@]}"; fi
}

# Changing services takes root; systemd itself comes as the user, for `up` and `down`.
services() {
  case ${1:-} in
    up) processes_up ;;
    down) processes_down ;;
    start) services_start ;;
    stop) services_stop ;;
    restart) services_stop && services_start ;;
    status)
      list_processes
      ;;
    back)
      local to
      to=$(basename "$(readlink "$prefix/previous" 2>/dev/null || echo none)")
      [ -f "$prefix/releases/$to/.complete" ] || die 'there is no earlier release'
      services_stop
      switch_to "$to"
      services_start
      say "$to runs now; the next setup.sh or upgrade.sh brings its own release"
      ;;
    *) die 'services start|stop|restart|status|back' ;;
  esac
}

case $what in
  handover) with_environment "$prefix/current/dist/cli/handover.js" "$@" ;;
  pm2) with_environment "$prefix/current/node_modules/pm2/bin/pm2" "$@" ;;
  services) services "$@" ;;
  *) die 'run.sh handover|pm2|services' ;;
esac
