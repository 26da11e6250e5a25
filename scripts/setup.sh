#!/bin/sh
# Installs what is missing: Debian packages where we may, npm packages into this folder.
set -eu
cd "$(dirname "$0")/.."

command -v node >/dev/null || { echo "setup: Node.js 20.19 or later is needed (https://nodejs.org)" >&2; exit 1; }
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  { echo "setup: Node.js 20.19 or later is needed, this is $(node --version)" >&2; exit 1; }

# program → Debian package
missing=
for need in iptables-legacy:iptables nft:nftables ip:iproute2 unshare:util-linux ps:procps ping:iputils-ping \
    nc:netcat-openbsd gcc:gcc sudo:sudo strace:strace setpriv:util-linux bpftool:bpftool; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${need%%:*}" >/dev/null || missing="$missing ${need#*:}"
done
[ -e /usr/include/linux/netfilter_ipv4/ip_tables.h ] || missing="$missing linux-libc-dev"
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null
  elif [ "$(id -u)" = 0 ]; then
    echo "setup: please install (Debian's names):$missing; what needs them is skipped" >&2
  else
    echo "setup: not installed, and only root may:$missing; what needs them is skipped" >&2
  fi
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # Not `npm ci`: the lock file lacks other platforms' optional packages, and `npm ci` then refuses. Versions stay the lock's.
  npm install --no-save --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
  touch node_modules/.package-lock.json
fi
