#!/usr/bin/env bash
# shellcheck disable=SC2154 # names that main.sh and run.sh set
# Packages, Node, and the program as a release of its own beside the last one. Sourced by main.sh.

NPM_FLAGS=(--ignore-scripts --no-audit --no-fund --no-progress --loglevel=error)

packages() {
  if is_macos; then
    command -v brew >/dev/null || die 'Homebrew is needed'
    local formula
    for formula in node $([ -n "$alone" ] || echo syncthing); do
      brew list "$formula" >/dev/null 2>&1 || { brew install "$formula" && changed "$formula"; }
    done
    return
  fi
  command -v apt-get >/dev/null || die 'Debian or Ubuntu is needed: there is no apt-get'
  local -a wanted=(ca-certificates logrotate procps util-linux)
  [ -n "$alone" ] || wanted+=(syncthing)
  if [ ! -x "$prefix/bin/node" ] || ! fits "$prefix/bin/node"; then
    # The distribution's Node where it is new enough. Where not, its npm alone, which fetches a newer one.
    if at_least "$(candidate nodejs)" "$NODE_NEEDED"; then wanted+=(nodejs); fi
    wanted+=(npm)
  fi
  local -a missing=()
  local name
  for name in "${wanted[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get -qq -o DPkg::Lock::Timeout=120 update
  # shellcheck disable=SC2015
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "${missing[@]}" >/dev/null
  changed "packages: ${missing[*]}"
}

candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p' | head -n 1; }

fits() { [ -x "$1" ] && at_least "$("$1" --version | sed 's/^v//')" "$NODE_NEEDED"; }

# $prefix/bin/node and an npm that goes with it.
install_node() {
  mkdir -p "$prefix/bin"
  if fits "$prefix/bin/node"; then
    return
  fi
  local found
  found=$(command -v node || :)
  if [ -n "$found" ] && fits "$found"; then
    ln -sfn "$found" "$prefix/bin/node"
    changed "Node: $found ($("$found" --version))"
    return
  fi
  # The registry's package of the binary, its checksum held against the lock file beside this script.
  mkdir -p "$prefix/node"
  cp "$setup_dir/node/package.json" "$setup_dir/node/package-lock.json" "$prefix/node/"
  (cd "$prefix/node" && npm ci "${NPM_FLAGS[@]}" >/dev/null) || die 'Node could not be fetched'
  for found in "$prefix"/node/node_modules/node-linux-*/bin/node; do
    fits "$found" || continue
    ln -sfn "$found" "$prefix/bin/node"
    changed "Node: $("$found" --version), in $prefix/node"
    return
  done
  die "there is no Node for this machine ($(uname -m)) in the registry; install Node $NODE_NEEDED or later"
}

# npm under our Node: the distribution's may be too old for it.
npm_here() {
  local own=$prefix/node/node_modules/npm/bin/npm-cli.js
  if [ -f "$own" ]; then
    PATH=$prefix/bin:$PATH "$prefix/bin/node" "$own" "$@"
  else
    PATH=$prefix/bin:$PATH npm "$@"
  fi
}

PARTS='package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ecosystem.config.js .env.example
  .gitignore-sync LICENSE README.md deployment docs src vault-template'

# A name for exactly these files under exactly this Node.
release_name() {
  local version
  version=$("$node" -p "require('$source_dir/package.json').version")
  # shellcheck disable=SC2086
  printf '%s-%s\n' "$version" "$(cd "$source_dir" && {
    "$node" -p 'process.versions.modules'
    find $PARTS -type f -print0 | LC_ALL=C sort -z | xargs -0 cat
    find $PARTS -type f | LC_ALL=C sort
  } | sha256 | cut -c1-12)"
}

install_program() {
  install_node
  release=$(release_name)
  local to=$prefix/releases/$release
  if [ ! -f "$to/.complete" ]; then
    say "   release $release"
    rm -rf "$to"
    mkdir -p "$to"
    # shellcheck disable=SC2086
    (cd "$source_dir" && tar -cf - $PARTS) | tar -xf - -C "$to"
    (
      # No script of a package runs here: this is root.
      cd "$to" &&
        npm_here ci "${NPM_FLAGS[@]}" >/dev/null &&
        PATH=$prefix/bin:$PATH "$node" deployment/ensure.mjs build &&
        npm_here prune --omit=dev "${NPM_FLAGS[@]}" >/dev/null
    ) || die 'the program could not be built'
    is_macos || chown -R root:root "$to"
    chmod -R go-w,a+rX "$to"
    touch "$to/.complete"
    changed "release $release"
  fi
  # The first one is used at once. A later one only when the processes are stopped: see start_processes.
  [ -e "$prefix/current" ] || ln -s "releases/$release" "$prefix/current"
}

current_release() { basename "$(readlink "$prefix/current" 2>/dev/null || echo none)"; }

switch_to() {
  local was
  was=$(current_release)
  [ "$was" != "$1" ] || return 0
  ln -sfn "releases/$was" "$prefix/previous"
  ln -sfn "releases/$1" "$prefix/current.new"
  # Replaced in one step; `mv -T` is GNU's.
  if is_macos; then ln -sfn "releases/$1" "$prefix/current" && rm -f "$prefix/current.new"; else mv -T "$prefix/current.new" "$prefix/current"; fi
  changed "current release: $was -> $1"
}

# The last one stays, for a way back.
remove_old_releases() {
  local one keep
  keep=" $(current_release) $(basename "$(readlink "$prefix/previous" 2>/dev/null || echo none)") "
  for one in "$prefix"/releases/*; do
    case $keep in *" $(basename "$one") "*) : ;; *) rm -rf "$one" && changed "removed ${one##*/}" ;; esac
  done
}
