#!/usr/bin/env bash
# Sets up the cloud machine of Handover, or brings it up to date: Node, Syncthing, the program, a user of its own, the
# processes, their start at boot. Debian or Ubuntu, as root. What it does and which flags it takes: setup.sh --help,
# docs/setup.md.
set -euo pipefail
HANDOVER_ROLE=cloud
# shellcheck source-path=SCRIPTDIR source=../setup/main.sh
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../setup/main.sh"
main "$@"
