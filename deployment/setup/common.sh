#!/usr/bin/env bash
# shellcheck disable=SC2154 # names that main.sh and run.sh set
# What the scripts beside this have in common. Sourced, not run. Bash 3.2, which macOS has, does.

# shellcheck disable=SC2034
NODE_NEEDED='20.19.0'

die() {
  printf 'handover: %s\n' "$*" >&2
  exit 1
}

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }

# What was done is told at the end; a second run should have nothing to tell.
changes=0
changed() {
  changes=$((changes + 1))
  printf '   changed: %s\n' "$*"
}

has_systemd() { [ -d /run/systemd/system ]; }
is_macos() { [ "$(uname -s)" = Darwin ]; }

# $1 is at least $2, both as 1.2.3
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]; }

# Writes stdin to $1 with mode $2 if it is not there with this content.
put() {
  local path=$1 mode=$2 near
  near=$(mktemp "$path.XXXXXX")
  cat >"$near"
  chmod "$mode" "$near"
  if [ -f "$path" ] && cmp -s "$near" "$path"; then
    rm -f "$near"
  else
    mv -f "$near" "$path"
    changed "$path"
  fi
}

# A folder of the user's, or of root's, with a mode. What is there keeps its owner.
folder() {
  local path=$1 owner=$2 mode=$3
  [ ! -L "$path" ] || die "$path is a link; a folder was expected"
  [ -d "$path" ] || {
    install -d -m "$mode" -o "${owner%%:*}" -g "${owner##*:}" "$path"
    changed "$path"
  }
}

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

# As the user who runs Handover, with nothing of this environment but what a program needs.
as_user() {
  local -a keep=("HOME=$user_home" "PATH=$run_path" "LANG=${LANG:-C.UTF-8}" "TERM=${TERM:-dumb}"
    "PM2_HOME=$pm2_home" PM2_DISCRETE_MODE=true PM2_DISABLE_VERSION_CHECK=true "ENV_FILE=$base/.env")
  if [ "$(id -un)" = "$user" ]; then
    (umask 077 && cd "$base" && env -i "${keep[@]}" "$@")
  else
    (umask 077 && cd "$base" && exec runuser -u "$user" -- env -i "${keep[@]}" "$@")
  fi
}

handover() { as_user "$node" "$prefix/current/dist/cli/handover.js" "$@"; }
pm2() { as_user "$node" "$prefix/current/node_modules/pm2/bin/pm2" "$@"; }

# Where things lie, of a role and a user. The code belongs to root: the processes cannot change themselves.
layout() {
  if is_macos; then
    prefix=${HANDOVER_PREFIX:-$user_home/Library/Handover}
  else
    prefix=${HANDOVER_PREFIX:-/opt/handover}
  fi
  if [ "$role" = cloud ]; then base=$user_home; else base=$user_home/.config/handover; fi
  pm2_home=$base/pm2
  run_path=$prefix/bin:/usr/local/bin:/usr/bin:/bin
  node=$prefix/bin/node
}

# What the last run wrote, for upgrade, uninstall and a run without flags. Plain KEY='value' lines, ours alone.
remember() {
  put "$prefix/setup.conf" 644 <<CONF
role='$role'
user='$user'
user_home='$user_home'
vault='$vault'
state='$state'
alone='$alone'
peer='$peer'
peer_address='$peer_address'
CONF
}

recall() {
  [ -f "$1/setup.conf" ] || return 1
  # shellcheck disable=SC1091
  . "$1/setup.conf"
}

# Names and paths end up in units and in shell words: nothing that either could read as more.
check_path() {
  case $2 in
    /*) : ;;
    *) die "$1: an absolute path" ;;
  esac
  case $2 in
    *[!A-Za-z0-9_./@+\ -]* | *..*) die "$1: letters, digits, spaces and . _ / @ + - only" ;;
  esac
}
