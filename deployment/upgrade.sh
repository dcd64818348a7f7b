#!/usr/bin/env bash
# Brings Handover on this machine to the release this script lies in: builds it beside the one that runs, stops the
# processes, switches, starts them. Vault, state and .env stay as they are. When fewer processes run than before, the old
# release is taken back by itself; later: sudo handover-services back.
#
#   sudo deployment/upgrade.sh      in the folder of the new version
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=${HANDOVER_PREFIX:-/opt/handover}
[ "$(uname -s)" != Darwin ] || prefix=${HANDOVER_PREFIX:-$HOME/Library/Handover}
[ -f "$prefix/setup.conf" ] || {
  echo 'handover: not set up here; deployment/cloud/setup.sh or deployment/local/setup.sh' >&2
  exit 1
}
case $(sed -n "s/^role='\(.*\)'$/\1/p" "$prefix/setup.conf") in
  cloud) exec "$here/cloud/setup.sh" --yes "$@" ;;
  *) exec "$here/local/setup.sh" --yes "$@" ;;
esac
