#!/usr/bin/env bash
# Sets up the laptop of Handover, or the one machine that does everything (--alone), or brings it up to date: Node,
# Syncthing, the program, the processes, their start at boot. Debian or Ubuntu, with sudo; macOS by Homebrew, without
# it (written after its documents, not tried). What it does and which flags it takes: setup.sh --help, docs/setup.md.
set -euo pipefail
HANDOVER_ROLE=laptop
# shellcheck source-path=SCRIPTDIR source=../setup/main.sh
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../setup/main.sh"
main "$@"
