#!/usr/bin/env bash
# shellcheck disable=SC2154 # names that main.sh and run.sh set
# Syncthing: started as the user, its key put into .env, the share made, the line for the other machine. Sourced by main.sh.

is_device() { printf '%s\n' "$1" | grep -Eq '^([A-Z2-7]{7}-){7}[A-Z2-7]{7}$'; }

# Syncthing's own configuration: the place depends on its version.
sync_config() {
  local at
  for at in "$user_home/.local/state/syncthing" "$user_home/.config/syncthing" "$user_home/Library/Application Support/Syncthing"; do
    if [ -f "$at/config.xml" ]; then
      printf '%s\n' "$at/config.xml"
      return
    fi
  done
}

in_gui() { sed -n '/<gui/,/<\/gui>/s,.*<'"$1"'>\(.*\)</'"$1"'>.*,\1,p' "$(sync_config)" | head -n 1; }

# Before .env is asked for: the wizard finds a running Syncthing by itself.
make_syncthing() {
  if [ -z "$(sync_config)" ]; then
    # Written before its first start, so that it never runs with a default folder or asks to report usage.
    as_user syncthing generate --no-default-folder >/dev/null 2>&1 || die 'syncthing generate failed'
    local made
    made=$(sync_config)
    [ -n "$made" ] || die 'Syncthing has written no configuration'
    sed -i.bak -e 's,<startBrowser>true<,<startBrowser>false<,' -e 's,<urAccepted>0<,<urAccepted>-1<,' \
      -e 's,<crashReportingEnabled>true<,<crashReportingEnabled>false<,' "$made"
    if [ -n "$direct" ]; then
      sed -i.bak -e 's,<globalAnnounceEnabled>true<,<globalAnnounceEnabled>false<,' \
        -e 's,<relaysEnabled>true<,<relaysEnabled>false<,' -e 's,<natEnabled>true<,<natEnabled>false<,' \
        -e 's,<localAnnounceEnabled>true<,<localAnnounceEnabled>false<,' -e 's,<stunKeepaliveStartS>[0-9]*<,<stunKeepaliveStartS>0<,' "$made"
    fi
    rm -f "$made.bak"
    is_macos || chown "$user:" "$made"
    changed 'a device of its own for Syncthing'
  fi
  start_syncthing
  [ -n "$(in_gui apikey)" ] || die 'Syncthing has no API key yet; is it running?'
  ask_syncthing wait || die "Syncthing does not answer; its file is $(sync_config)"
}

sync_keys() {
  local address
  address=$(in_gui address)
  printf 'SYNCTHING_API_KEY=%s\nSYNCTHING_URL=http://127.0.0.1:%s\n' "$(in_gui apikey)" "${address##*:}"
}

share() {
  { sync_keys; [ -z "$peer" ] || printf 'SYNCTHING_PEER_DEVICE=%s\n' "$peer"; } | set_keys
  apply_share
}

# Asked as the user, by a file of the release: the user may not be able to read the checkout.
ask_syncthing() {
  sync_keys | as_user "$node" "$prefix/releases/$release/deployment/setup/ask-syncthing.mjs" "$1"
}

apply_share() {
  local -a file=(--role "$role")
  local ours=$base/syncthing-config.toml from=$prefix/releases/$release/deployment/local
  [ "$role" != cloud ] || from=$prefix/releases/$release/deployment/cloud
  if [ -n "$peer_address" ]; then
    # The release's file with the address in it, made anew by each run.
    sed "s,^# addresses = .*,addresses = [\"$peer_address\"]," "$from/syncthing-config.toml" | put "$ours" 644
    grep -q "^addresses = " "$ours" || die "$from/syncthing-config.toml has no place for an address"
    file=(--config "$ours" --role "$role")
  fi
  local said
  said=$(as_user "$node" "$prefix/releases/$release/dist/cli/handover.js" sync apply "${file[@]}" --yes) || {
    printf '%s\n' "$said"
    die 'the share could not be made, see above'
  }
  # What it advises without a peer stands at the end, as one line to type.
  printf '%s\n' "$said" | if [ -n "$peer" ]; then cat; else grep -v '^note: '; fi | sed 's/^/   /'
  case $said in *'nothing to do'*) : ;; *) changed 'the share' ;; esac
}

tell_pairing() {
  local id
  id=$(ask_syncthing id) || return 0
  if [ "$role" = cloud ]; then
    say 'If the laptop does not know this machine yet, there, in the program'"'"'s folder (with @tcp://name-of-this-machine:22000 behind the id if it is to be dialled directly):'
    say "  sudo deployment/local/setup.sh --peer $id"
    say 'Firewall: nothing has to be open. To be dialled directly, 22000/tcp (and 22000/udp for QUIC). Never 8384, 7411, 7412.'
  else
    say 'If the cloud does not know this machine yet, there, in the program'"'"'s folder:'
    say "  sudo deployment/cloud/setup.sh --peer $id"
  fi
}
